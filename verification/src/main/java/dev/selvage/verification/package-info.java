/**
 * Programs that the verification starts in JVMs of their own: the {@linkplain
 * dev.selvage.verification.Corpus corpus} of known leaks, the {@linkplain
 * dev.selvage.verification.Controls controls} that must stay unreported, and the ways in which
 * threads {@linkplain dev.selvage.verification.Origins come to be}. They use plain JDK parts and
 * know nothing of Selvage.
 *
 * <p>There is no module descriptor: these stand for unmodified programs on a class path.
 */
@NullMarked
package dev.selvage.verification;

import org.jspecify.annotations.NullMarked;
