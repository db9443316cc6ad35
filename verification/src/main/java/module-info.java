/**
 * Programs to look at, and the tests that look: kernels of real bugs, controls that must stay
 * silent, real servers, the rules of the house. Not published. Its programs are run from the class
 * path, as most programs are.
 */
@org.jspecify.annotations.NullMarked
module dev.selvage.verification {
  requires static transitive org.jspecify;
  requires dev.selvage.core;
  requires java.management;
  requires jdk.management;

  // only the tests use these
  requires static java.compiler;
  requires static java.net.http;
  requires static java.sql;
  requires static jdk.attach;
  requires static jdk.jdi;
  requires static jdk.jfr;
}
