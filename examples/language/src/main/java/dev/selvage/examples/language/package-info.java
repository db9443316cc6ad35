/**
 * Pitfalls of goroutines, one class each: a {@code wrong} form, a {@code right} one, and a {@code
 * main} that prints what comes of both. The guide {@code docs/guide/pitfalls.md} walks through
 * them.
 *
 * <p>A line at which a wrong form blocks for ever carries a comment {@code // LEAK}. Where time
 * matters it is a {@link dev.selvage.examples.language.Simulated} one, so that every run takes no
 * time and ends the same way.
 */
package dev.selvage.examples.language;
