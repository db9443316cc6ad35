package dev.selvage.diagnostics.prover;

import dev.selvage.diagnostics.jdk.Jdk;

/** The virtual threads that a test has left blocked. */
final class Blocked {
  private Blocked() {}

  /** Interrupts all virtual threads of this JVM but those by which the JDK waits for sockets. */
  static void interruptAll() {
    Jdk.ofThisJvm()
        .forEachThread(
            thread -> {
              if (!thread.getName().contains("Poller")) {
                thread.interrupt();
              }
            });
  }
}
