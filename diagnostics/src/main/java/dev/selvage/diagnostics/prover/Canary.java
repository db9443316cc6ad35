package dev.selvage.diagnostics.prover;

import dev.selvage.diagnostics.jdk.Jdk;
import java.util.concurrent.locks.LockSupport;

/**
 * A leak of our own making, which every proof must find: a thread that is parked for ever and that
 * nothing reaches. Where it is not found, the proof says nothing about other leaks either.
 */
final class Canary {
  private Canary() {}

  /** The name of its thread. */
  static final String NAME = "selvage-canary";

  /**
   * Starts one and waits until it is parked.
   *
   * @return the thread's id: holding the thread would keep it from being a leak
   */
  static long plant(Jdk jdk) throws InterruptedException {
    return parked(jdk, Thread.ofVirtual().name(NAME).start(Canary::waitForEver));
  }

  private static long parked(Jdk jdk, Thread thread) throws InterruptedException {
    for (int i = 0; i < 5_000 && !jdk.isParked(thread); i++) {
      Thread.sleep(1);
    }
    return thread.threadId();
  }

  private static void waitForEver() {
    while (!Thread.currentThread().isInterrupted()) {
      LockSupport.park();
    }
  }

  /** Ends it. */
  static void release(Thread thread) {
    thread.interrupt();
  }
}
