/**
 * Small programs, each with a known bug and its fix, written anew from their descriptions in the
 * language: Go's primitives, so Go's wait reasons. A class is a row of the table of the same name
 * ({@link dev.selvage.verification.kernels.Table}), grouped by where it comes from and what kind of
 * bug it is. The line that a goroutine never leaves carries a comment {@code // LEAK} with the name
 * that its {@link dev.selvage.verification.kernels.Leak} gives it.
 *
 * <p>Two things are added to the descriptions. Loops that never block give way, since the JVM does
 * not preempt virtual threads; and where a bug needs an order of events that the JVM's scheduler
 * avoids, there is a {@link dev.selvage.verification.kernels.Chance}.
 */
@NullMarked
package dev.selvage.verification.kernels;

import org.jspecify.annotations.NullMarked;
