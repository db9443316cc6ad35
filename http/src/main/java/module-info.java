/** The debug endpoints of {@code /debug/pprof/} and a small loopback server for them. */
@org.jspecify.annotations.NullMarked
module dev.selvage.http {
  requires static transitive org.jspecify;
  requires transitive dev.selvage.diagnostics;
  requires java.management;
  requires jdk.httpserver;
  requires jdk.management;

  exports dev.selvage.http;
}
