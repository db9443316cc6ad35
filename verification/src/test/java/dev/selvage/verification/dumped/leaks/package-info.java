/** What nothing can wake any more, or only an interrupt. */
@org.jspecify.annotations.NullMarked
package dev.selvage.verification.dumped.leaks;
