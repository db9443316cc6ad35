/**
 * Goroutines for the JVM: the language (channels, select, sync, context, time) on virtual threads.
 * Needs {@code java.base} and nothing else.
 */
@org.jspecify.annotations.NullMarked
@SuppressWarnings("module") // the agent is built later
module dev.selvage.core {
  requires static transitive org.jspecify;
  // Only asked when everything seems to be asleep, and not needed then.
  requires static java.management;
  requires static jdk.management;

  exports dev.selvage;
  exports dev.selvage.observe;
  exports dev.selvage.scheduler;
  exports dev.selvage.sync;
  exports dev.selvage.time;
  exports dev.selvage.trace;

  // Whole-JVM mode.
  exports dev.selvage.internal.gmp to
      dev.selvage.agent;
}
