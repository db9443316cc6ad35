/** Channels, selects and contexts under load. Not published; run from the class path. */
@org.jspecify.annotations.NullMarked
module dev.selvage.verification.stress {
  requires java.management;
  requires jdk.management;
  requires dev.selvage.core;
  requires static transitive org.jspecify;
}
