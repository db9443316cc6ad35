/** What a program tells an execution trace: tasks, regions and logs, as Go's runtime/trace. */
@NullMarked
package dev.selvage.trace;

import org.jspecify.annotations.NullMarked;
