/**
 * Heap dumps of any HotSpot JVM from 22 on: reads them in bounded memory, and computes which
 * virtual threads of theirs can never run again. Knows nothing of reports.
 */
package dev.selvage.diagnostics.heap;
