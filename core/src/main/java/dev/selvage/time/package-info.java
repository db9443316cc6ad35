/** Timers and tickers with the semantics of Go 1.23 and later. */
package dev.selvage.time;
