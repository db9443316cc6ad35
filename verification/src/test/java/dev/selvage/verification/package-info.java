/** Tests of Selvage from outside, on programs that know nothing of it. */
@NullMarked
package dev.selvage.verification;

import org.jspecify.annotations.NullMarked;
