/**
 * Six ways to leak, each with its fix, in a sample order service. Code of a user, as far as the
 * prover is concerned: nothing here is known to it.
 */
@org.jspecify.annotations.NullMarked
module dev.selvage.examples.leaks {
  requires static transitive org.jspecify;
  requires dev.selvage.core;
  requires com.github.benmanes.caffeine;
  requires com.google.common;
  requires java.net.http;
  requires jdk.httpserver;

  exports dev.selvage.examples.leaks;
}
