/**
 * The Java agent. Nobody depends on this module: its jar is loaded with {@code -javaagent} or by
 * attaching, and carries what it needs inside.
 */
@org.jspecify.annotations.NullMarked
module dev.selvage.agent {
  requires static transitive org.jspecify;
  requires dev.selvage.diagnostics;
  requires dev.selvage.http;
  requires transitive java.instrument;
  requires java.management;

  exports dev.selvage.agent;
}
