package dev.selvage.verification;

import dev.selvage.Channel;
import dev.selvage.Go;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.SynchronousQueue;

/**
 * Leaks four threads, of which three are on purpose: one says so itself, one has a name that a rule
 * may excuse, and one a frame. The fourth blocks at the line of the one with the name. {@code
 * garbage} has collections by nothing but garbage.
 */
public final class Excused {
  /** How many leak, and how many of them may be excused. */
  static final int LEAKED = 4;

  static final int ON_PURPOSE = 3;

  private Excused() {}

  public static void main(String[] args) throws Exception {
    Child.startAside(
        () -> {
          Go.go(
              () -> {
                Channel<String> never = Channel.unbuffered();
                Go.parkedForever("nobody is to answer", () -> never.receive());
              });
          Thread.ofVirtual().name("keeper-1").start(Excused::put);
          Thread.startVirtualThread(Excused::keep);
          Thread.startVirtualThread(Excused::put);
        });
    Queue<byte[]> window = new ArrayDeque<>();
    Child.serve(
        command -> {
          if (!command.equals("garbage")) {
            throw new IllegalArgumentException(command);
          }
          for (int i = 0; i < 4_000; i++) {
            window.add(new byte[64_000]);
            if (window.size() > 100) {
              window.remove();
            }
          }
          Child.say("collected");
        });
  }

  private static void put() {
    try {
      new SynchronousQueue<String>().put("nobody takes it"); // LEAK put
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void keep() {
    try {
      new SynchronousQueue<String>().take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
