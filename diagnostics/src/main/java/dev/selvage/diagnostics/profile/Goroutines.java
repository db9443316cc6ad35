package dev.selvage.diagnostics.profile;

import dev.selvage.diagnostics.cores.Cores;
import dev.selvage.diagnostics.jdk.Jdk;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/** The threads that profiles are of. */
final class Goroutines {
  private Goroutines() {}

  /** What is missing in a profile where the JDK does not list virtual threads; empty if it does. */
  static String missing(String what) {
    return Jdk.ofThisJvm().canHide()
        ? ""
        : what + ": the JDK does not list virtual threads here; the agent opens what is needed";
  }

  /** Calls back with the identifier and the labels of each virtual thread that has labels. */
  static void forEachLabelled(BiConsumer<Long, Map<String, String>> consumer) {
    if (!Jdk.ofThisJvm().canHide()) {
      Cores.forEachLabelled(consumer);
      return;
    }
    Jdk.ofThisJvm()
        .forEachThread(
            thread -> {
              Map<String, String> labels = Cores.labels(thread);
              if (!labels.isEmpty()) {
                consumer.accept(thread.threadId(), labels);
              }
            });
  }

  /** The platform threads but those that carry virtual ones: these have no work of their own. */
  static List<Thread> platformThreads() {
    List<Thread> threads = new ArrayList<>();
    for (Thread thread : Jdk.ofThisJvm().platformThreads()) {
      if (!isCarrier(thread)) {
        threads.add(thread);
      }
    }
    return threads;
  }

  /** Whether it is not one of the JVM's own, nor of ours. */
  static boolean isPrograms(Thread thread) {
    ThreadGroup group = thread.getThreadGroup();
    while (group != null && group.getParent() != null && group.getParent().getParent() != null) {
      group = group.getParent();
    }
    // The JVM's are in the group at the top, or in one of theirs below it; a program's in main.
    return group != null
        && group.getParent() != null
        && !group.getName().equals("InnocuousThreadGroup")
        && !thread.getName().startsWith("selvage-");
  }

  private static boolean isCarrier(Thread thread) {
    return thread.getClass().getSimpleName().equals("CarrierThread");
  }
}
