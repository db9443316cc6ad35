/** Execution traces: what goroutines did when, for {@code go tool trace} and for Perfetto. */
@NullMarked
package dev.selvage.diagnostics.trace;

import org.jspecify.annotations.NullMarked;
