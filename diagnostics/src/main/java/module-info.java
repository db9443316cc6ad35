/**
 * Which virtual threads of this JVM can never run again, and why: the leak prover, its findings,
 * stacks and profiles. Needs JDK modules only.
 */
@org.jspecify.annotations.NullMarked
@SuppressWarnings("module") // http is built later
module dev.selvage.diagnostics {
  requires static transitive org.jspecify;
  requires transitive dev.selvage.core;
  requires static java.logging; // only where the program has it
  requires java.management;
  requires jdk.jfr;
  requires jdk.management;

  exports dev.selvage.diagnostics;
  exports dev.selvage.diagnostics.doctor;
  exports dev.selvage.diagnostics.growth;
  exports dev.selvage.diagnostics.heap;
  exports dev.selvage.diagnostics.profile;
  exports dev.selvage.diagnostics.prover;
  exports dev.selvage.diagnostics.trace;

  // How it writes JSON and HTML.
  exports dev.selvage.diagnostics.text to
      dev.selvage.cli,
      dev.selvage.http;
}
