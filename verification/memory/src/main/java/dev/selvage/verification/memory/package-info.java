/**
 * One class for each row of {@code docs/happens-before.md}, with a jcstress test for each way to
 * come to what the row says. A plain field is written before the first event and read after the
 * second; to have the event and not the value is forbidden. Where the second event can be tried
 * without waiting it is, for then the threads meet most often. {@code Unpark} is beside the table:
 * it is about a wake-up that must not be lost.
 */
@NullMarked
package dev.selvage.verification.memory;

import org.jspecify.annotations.NullMarked;
