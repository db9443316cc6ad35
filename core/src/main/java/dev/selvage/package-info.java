/** The language: goroutines, channels, select and context, on virtual threads. */
package dev.selvage;
