/**
 * Goroutines for the JVM: the language (channels, select, sync, context, time) on virtual threads.
 * Needs {@code java.base} and nothing else.
 */
@org.jspecify.annotations.NullMarked
module dev.selvage.core {
  requires static transitive org.jspecify;

  exports dev.selvage;
  exports dev.selvage.observe;
  exports dev.selvage.sync;
  exports dev.selvage.time;
}
