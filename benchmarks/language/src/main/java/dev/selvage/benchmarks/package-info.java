/** The same small programs on Selvage and its peers, and what runs them side by side. */
@org.jspecify.annotations.NullMarked
package dev.selvage.benchmarks;
