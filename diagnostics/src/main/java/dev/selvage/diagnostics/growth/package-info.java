/**
 * Watches that suspect what only grows: static maps and collections, tickers, timers and contexts,
 * scheduled tasks; and a search for who holds a thread. All of it reads memory by field offsets, so
 * no code of the watched program runs, no class of it is initialised and nothing of it is kept
 * alive. {@link dev.selvage.diagnostics.growth.GrowthWatches} is the entrance.
 */
package dev.selvage.diagnostics.growth;
