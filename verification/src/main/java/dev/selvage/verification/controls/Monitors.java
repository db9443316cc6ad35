package dev.selvage.verification.controls;

import static dev.selvage.verification.controls.Waiters.go;

import java.util.concurrent.CountDownLatch;

/**
 * Threads in {@code Object.wait} and before {@code synchronized}: the collector cannot judge them,
 * so they are counted, whether somebody can wake them or not.
 */
public final class Monitors implements Control {
  /** How many wait, for ever or not, in {@code Object.wait}. */
  public static final int WAITING = 4;

  /** How many wait, for ever or not, to enter a monitor. */
  public static final int ENTERING = 2;

  private final Object monitor = new Object();
  private final Object entered = new Object();
  private final CountDownLatch gate = new CountDownLatch(1);
  private final int day = 1 + (int) (System.nanoTime() & 1);
  private boolean woken;

  @Override
  public void start() throws Exception {
    go("Object.wait", () -> waitFor(monitor));
    // Whoever makes the same text has the same object.
    go("Object.wait at an interned text", () -> waitFor(text()));
    // Nobody knows this monitor: stuck for ever, but that is not for the collector to say.
    Thread.ofVirtual().name("Object.wait in private").start(() -> waitForever(new Object()));

    var inside = new CountDownLatch(1);
    Thread.ofPlatform()
        .daemon()
        .start(
            Waiters.counted(
                "in the monitor",
                () -> {
                  synchronized (entered) {
                    inside.countDown();
                    gate.await();
                  }
                }));
    inside.await();
    go("monitor enter", () -> enter(entered));
    var own = new Object();
    var held = new CountDownLatch(1);
    Thread.ofVirtual()
        .name("monitor held in private")
        .start(
            () -> {
              synchronized (own) {
                held.countDown();
                waitForever(new Object());
              }
            });
    held.await();
    Thread.ofVirtual().name("monitor enter in private").start(() -> enter(own));
  }

  @Override
  public void wake() {
    synchronized (monitor) {
      woken = true;
      monitor.notifyAll();
    }
    synchronized (text()) {
      text().notifyAll();
    }
    gate.countDown();
  }

  private String text() {
    return ("the accounts of day " + day).intern();
  }

  private void waitFor(Object object) throws InterruptedException {
    synchronized (object) {
      while (!woken) {
        object.wait();
      }
    }
  }

  private static void waitForever(Object object) {
    synchronized (object) {
      try {
        while (true) {
          object.wait();
        }
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private static void enter(Object object) {
    synchronized (object) {
      Thread.onSpinWait();
    }
  }
}
