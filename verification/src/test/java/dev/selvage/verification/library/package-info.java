/**
 * A corpus of leaks, and of waits that are none, in programs of plain JDK parts and well-known
 * libraries. A case is a static method of a suite; what must be found of it is said in {@code
 * corpus.tsv}.
 */
@org.jspecify.annotations.NullMarked
package dev.selvage.verification.library;
