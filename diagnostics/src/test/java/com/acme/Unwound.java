package com.acme;

import dev.selvage.Channel;
import dev.selvage.Go;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** Threads that leak, and say when their {@code finally} blocks run. */
public final class Unwound {
  public static final AtomicInteger CLEANED = new AtomicInteger();

  /** Ends the stubborn at their next interrupt. */
  public static volatile boolean stop;

  private Unwound() {}

  /** Goroutines that send where nobody receives. */
  public static void goroutines(int count) {
    for (int i = 0; i < count; i++) {
      Go.go(
          () -> {
            try {
              Channel.<Integer>unbuffered().send(1);
            } catch (InterruptedException e) {
              // it is meant to end
            } finally {
              CLEANED.incrementAndGet();
            }
          });
    }
  }

  /** Threads that put where nobody takes. */
  public static void threads(int count) {
    for (int i = 0; i < count; i++) {
      Thread.ofVirtual().name("unwound-put").start(Unwound::put);
    }
  }

  private static void put() {
    try {
      new SynchronousQueue<Integer>().put(1);
    } catch (InterruptedException e) {
      // it is meant to end
    } finally {
      CLEANED.incrementAndGet();
    }
  }

  /** One that hands something to another, which waits for it, when it is unwound. */
  public static void chain() {
    SynchronousQueue<Integer> next = new SynchronousQueue<>();
    Thread.ofVirtual()
        .name("unwound-last")
        .start(
            () -> {
              while (true) {
                try {
                  next.take();
                  break;
                } catch (InterruptedException e) {
                  // only what it waits for ends it
                }
              }
              CLEANED.incrementAndGet();
            });
    Thread.ofVirtual()
        .name("unwound-first")
        .start(
            () -> {
              put();
              try {
                next.put(1);
              } catch (InterruptedException e) {
                // its partner is there
              }
            });
  }

  /** One that waits again whenever it is interrupted, until it is told to end. */
  public static void stubborn() {
    Thread.ofVirtual()
        .name("unwound-stubborn")
        .start(
            () -> {
              while (!stop) {
                put();
              }
            });
  }
}
