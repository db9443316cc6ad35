/**
 * A program of plain JDK parts that runs on every JDK from 21 on, to be dumped: also by JDKs that
 * cannot run the rest of this module, for which {@code DumpedProgram} compiles it once more. What
 * leaks and what does not are in packages of their own, as what runs leaves a doubt about what is
 * in its package.
 */
@org.jspecify.annotations.NullMarked
package dev.selvage.verification.dumped;
