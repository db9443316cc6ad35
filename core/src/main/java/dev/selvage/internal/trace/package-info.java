/** Records what the scheduler and the language do, for an execution trace. */
@NullMarked
package dev.selvage.internal.trace;

import org.jspecify.annotations.NullMarked;
