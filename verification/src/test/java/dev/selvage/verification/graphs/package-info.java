/**
 * Random programs of goroutines whose liveness is known: made by {@link
 * dev.selvage.verification.graphs.Generator}, judged by {@link
 * dev.selvage.verification.graphs.Model}, run for real by {@link
 * dev.selvage.verification.graphs.Batch}.
 */
@org.jspecify.annotations.NullMarked
package dev.selvage.verification.graphs;
