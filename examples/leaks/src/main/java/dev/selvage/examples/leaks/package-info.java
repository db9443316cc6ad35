/**
 * Six ways to leak, each with its fix. Every scenario has two classes: one written with Selvage's
 * goroutines, one with plain JDK parts (scenario 4: both).
 *
 * <p>The line that blocks or grows carries a comment {@code // LEAK n}; {@code expected.txt} beside
 * this package says which of them a report must name. {@link dev.selvage.examples.leaks.Demo} runs
 * them all in one service, {@link dev.selvage.examples.leaks.CacheFixes} compares the fixes of
 * scenario 4.
 */
package dev.selvage.examples.leaks;
