package dev.selvage.internal;

import dev.selvage.internal.jdk.VirtualThreads;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/**
 * Whether anything but goroutines can wake them: threads of the platform, virtual threads of
 * others, shutdown hooks, handlers of signals. Public interfaces of the JDK only, and what others
 * vouch for. What it cannot tell counts as able to wake. Used by one thread.
 */
final class Outside implements AutoCloseable {
  /*
   * Which threads do not count
   *  - daemons of the JVM and the JDK that run no code of the program and never act on its objects,
   *    by name or group, loaded by the boot loader where they have a class of their own;
   *  - DestroyJavaVM, which only waits for all others;
   *  - our timer threads, which are asked themselves, and whoever is in Bystanders: Ms, whose
   *    scheduler is asked, and threads of our tools, told of by whoever made them. A name proves
   *    nothing: the JDK's web server calls its threads the same in our debug server and in the
   *    program's own.
   * A Cleaner's thread counts if the program made it, and so do the common pool's, a reaper of
   * processes, flight recorder, and everything else that is not listed.
   *
   * Virtual threads that are not in the roster are in the JDK's own lists, if the package with these
   * is open. Otherwise only the JVM's thread dump has them. JDK 25.0.3 can crash when it dumps a
   * virtual thread that is just being mounted (docs/adr/0013), so a dump is taken only where the
   * program's user has asked to hear of deadlocks. A canary tells whether all are listed.
   */
  private static final Set<String> SERVICES =
      Set.of(
          "Reference Handler",
          "Finalizer",
          "Signal Dispatcher",
          "Service Thread",
          "Monitor Deflation Thread",
          "Notification Thread",
          "Attach Listener",
          "Common-Cleaner",
          "VirtualThread-unblocker",
          "VirtualThread-unparker");

  private static final String HOOKS = "dev.selvage.deadlock.hooks";

  private final Thread canary;

  Outside() {
    canary = Thread.ofVirtual().name("selvage-canary").start(Outside::sing);
  }

  private static void sing() {
    while (!Thread.currentThread().isInterrupted()) {
      LockSupport.park();
    }
  }

  @Override
  public void close() {
    canary.interrupt();
  }

  /**
   * The identifier of a thread that it makes and does not start: how many threads of whatever kind
   * were made before.
   */
  long threadsMade() {
    return Thread.ofVirtual().unstarted(() -> {}).threadId();
  }

  /**
   * Whether there are no other virtual threads.
   *
   * @param asleep the virtual threads of which it is known that they wait for each other
   */
  boolean hasNoOtherVirtualThreads(Set<Long> asleep) {
    if (asleep.size() > Stillness.MOST || canary.getState() != Thread.State.WAITING) {
      return false;
    }
    if (!Boolean.parseBoolean(System.getProperty("jdk.trackAllThreads", "true"))) {
      return false;
    }
    asleep.add(canary.threadId());
    Set<Long> missing = new HashSet<>(asleep);
    Boolean none =
        VirtualThreads.ofThisJvm()
            .allMatch(
                thread ->
                    missing.remove(thread.threadId())
                        ? thread.getState() == Thread.State.WAITING
                        : isPoller(thread));
    if (none != null) {
      return none && missing.isEmpty();
    }
    try {
      return Stillness.isAskedFor() && Management.listsAllVirtualThreads(asleep);
    } catch (LinkageError e) {
      return false; // a JVM without the modules for management
    }
  }

  /** Whether no shutdown hook and no handler of a signal is there to wake a goroutine one day. */
  boolean hasNoHooks() {
    if ("ignore".equals(System.getProperty(HOOKS))) {
      return true;
    }
    Boolean hooks = Bystanders.ownAllHooks();
    if (Boolean.FALSE.equals(hooks)) {
      return false;
    }
    Boolean signals = Bystanders.ownAllSignals();
    if (Boolean.FALSE.equals(signals)) {
      return false;
    }
    try {
      return (hooks != null || Management.HOOKS.neverLoaded())
          && (signals != null || Management.SIGNALS.neverLoaded());
    } catch (LinkageError e) {
      return false;
    }
  }

  // --------------- Threads of the platform ---------------

  static List<Thread> platformThreads() {
    ThreadGroup root = Thread.currentThread().getThreadGroup();
    for (ThreadGroup parent; (parent = root.getParent()) != null; ) {
      root = parent;
    }
    Thread[] threads = new Thread[root.activeCount() + 16];
    for (int n; (n = root.enumerate(threads, true)) == threads.length; ) {
      threads = new Thread[n * 2];
    }
    List<Thread> list = new ArrayList<>();
    for (Thread thread : Arrays.asList(threads)) {
      if (thread == null) {
        break;
      }
      list.add(thread);
    }
    return list;
  }

  /** Whether a thread cannot act for the program. */
  static boolean isService(Thread thread) {
    if (thread == Thread.currentThread()) {
      return true;
    }
    String name = thread.getName();
    ThreadGroup group = thread.getThreadGroup();
    if (group == null) {
      return !thread.isAlive();
    }
    if (SystemClockwork.isRinger(thread) || Bystanders.contains(thread)) {
      return true;
    }
    if (!thread.isDaemon()) {
      return name.equals("DestroyJavaVM") && thread.getStackTrace().length == 0;
    }
    if (thread.getClass().getClassLoader() != null) {
      return false;
    }
    return switch (group.getName()) {
      case "CarrierThreads" -> true;
      case "system" -> SERVICES.contains(name);
      case "InnocuousThreadGroup" -> SERVICES.contains(name) || isPoller(thread);
      default -> false;
    };
  }

  private static boolean isPoller(Thread thread) {
    return thread.getName().contains("Poller")
        && Arrays.stream(thread.getStackTrace())
            .anyMatch(frame -> frame.getMethodName().endsWith("ollerLoop"));
  }
}
