/**
 * Threads that wait for long but not for ever: none of them may be reported as leaked, and each
 * ends when it is woken, to show that looking did no harm.
 */
@NullMarked
package dev.selvage.verification.controls;

import org.jspecify.annotations.NullMarked;
