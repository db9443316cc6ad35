package dev.selvage.verification;

import dev.selvage.verification.controls.Control;
import dev.selvage.verification.controls.Held;
import dev.selvage.verification.controls.Input;
import dev.selvage.verification.controls.Monitors;
import dev.selvage.verification.controls.Timed;
import dev.selvage.verification.controls.Traps;
import dev.selvage.verification.controls.Unusual;
import dev.selvage.verification.controls.Waiters;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.SynchronousQueue;

/**
 * Starts all controls in this JVM. {@code arm} lets the next collection wake those that one wakes;
 * {@code wake} wakes the others and answers {@code all ended}, or names those that did not. {@code
 * leak} leaks two threads, one of them in an executor that is still in use; {@code drop} leaks one
 * in an executor that nobody uses; {@code garbage} has collections of every kind, by nothing but
 * garbage.
 */
public final class Controls {
  private static final List<Control> ALL =
      List.of(
          new Held.ByStatics(),
          new Held.ByInterrupters(),
          new Held.ByPlatformThreads(),
          new Held.ByReferences(),
          new Held.ByHook(),
          new Held.ByPool(),
          new Held.Pinned(),
          new Timed(),
          new Input(),
          new Monitors(),
          new Traps(),
          new Unusual());

  private static final ExecutorService EXECUTOR = Executors.newVirtualThreadPerTaskExecutor();
  private static final Queue<byte[]> WINDOW = new ArrayDeque<>();

  private Controls() {}

  public static void main(String[] args) throws Exception {
    for (Control control : ALL) {
      control.start();
    }
    Thread.sleep(500);
    Child.serve(
        command -> {
          switch (command) {
            case "arm" -> {
              Traps.arm();
              Child.say("armed");
            }
            case "wake" -> Child.say(wake());
            case "leak" -> {
              Child.startAside(Controls::leak);
              Child.say("leaked");
            }
            case "drop" -> {
              Child.startAside(
                  () -> Executors.newVirtualThreadPerTaskExecutor().execute(Controls::put));
              Child.say("dropped");
            }
            case "garbage" -> {
              garbage();
              Child.say("collected");
            }
            default -> throw new IllegalArgumentException(command);
          }
        });
  }

  private static void leak() {
    Thread.startVirtualThread(Controls::put);
    EXECUTOR.execute(Controls::put);
  }

  private static void put() {
    try {
      new SynchronousQueue<String>().put("nobody takes it"); // LEAK put
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * What lives for a while becomes old, and dies then, so that old things are collected, too. Slow
   * enough for the collector to keep up: where the heap is full, what is held softly is let go of,
   * and who waits for it is leaked indeed.
   */
  private static void garbage() throws InterruptedException {
    for (int i = 0; i < 10_000; i++) {
      WINDOW.add(new byte[64_000]);
      if (WINDOW.size() > 1_500) {
        WINDOW.remove();
      }
      if (i % 100 == 0) {
        Thread.sleep(5);
      }
    }
  }

  private static String wake() throws Exception {
    for (Control control : ALL) {
      control.wake();
    }
    long end = System.nanoTime() + 60_000_000_000L;
    while (!Waiters.waiting().isEmpty() && System.nanoTime() < end) {
      Thread.sleep(50);
    }
    var waiting = Waiters.waiting();
    return waiting.isEmpty() ? "all ended" : "stuck: " + waiting;
  }
}
