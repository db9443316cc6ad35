/**
 * Small programs, each with a known set of leaks, written anew from their descriptions with plain
 * JDK parts. A {@link dev.selvage.verification.cases.Case} says in its annotation what it leaks;
 * the line is the one that carries the marker comment of that name.
 */
@NullMarked
package dev.selvage.verification.cases;

import org.jspecify.annotations.NullMarked;
