package dev.selvage;

import java.lang.ref.WeakReference;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** What tests of blocking things need. */
public final class Threads {
  private Threads() {}

  /** The kinds of threads that use the language. */
  public enum Kind {
    /** A virtual thread of ours. */
    GOROUTINE,
    /** One that somebody else has started. */
    VIRTUAL,
    /** A thread of the operating system. */
    PLATFORM;

    /** Runs something in a new thread of this kind. */
    public void run(Go.Action task) {
      switch (this) {
        case GOROUTINE -> Go.go(task);
        case VIRTUAL -> Thread.ofVirtual().start(() -> runUnchecked(task));
        case PLATFORM -> Thread.ofPlatform().daemon().start(() -> runUnchecked(task));
      }
    }

    private static void runUnchecked(Go.Action task) {
      try {
        task.run();
      } catch (Throwable e) {
        throw new AssertionError("a thread of a test failed", e);
      }
    }
  }

  /** Starts a goroutine and returns its thread, once that runs. An interrupt ends it quietly. */
  public static Thread start(Go.Action task) {
    return start(Kind.GOROUTINE, task);
  }

  /** Starts a thread and returns it, once it runs. An interrupt ends it quietly. */
  public static Thread start(Kind kind, Go.Action task) {
    AtomicReference<@Nullable Thread> thread = new AtomicReference<>();
    kind.run(
        () -> {
          thread.set(Thread.currentThread());
          try {
            task.run();
          } catch (InterruptedException e) {
            // How a test ends what blocks for ever.
          }
        });
    until(() -> thread.get() != null);
    Thread t = thread.get();
    if (t == null) {
      throw new AssertionError("it was there");
    }
    return t;
  }

  /** Starts a goroutine and returns its thread, once that is parked. */
  public static Thread startBlocked(Go.Action task) {
    Thread thread = start(task);
    untilBlocked(thread);
    return thread;
  }

  /** Starts a goroutine that blocks, and keeps nothing of it. */
  public static WeakReference<Thread> leak(Go.Action task) {
    return new WeakReference<>(startBlocked(task));
  }

  /** Returns once a thread is parked. */
  public static void untilBlocked(Thread thread) {
    until(() -> thread.getState() == Thread.State.WAITING);
  }

  /** Returns once it is so; the test's own time limit ends it otherwise. */
  public static void until(BooleanSupplier so) {
    while (!so.getAsBoolean()) {
      try {
        Thread.sleep(1);
      } catch (InterruptedException e) {
        throw new AssertionError("the test took too long", e);
      }
    }
  }

  /** Returns whether the collector clears a reference within some rounds. */
  public static boolean isCollected(WeakReference<?> reference) {
    for (int i = 0; i < 20 && reference.get() != null; i++) {
      System.gc();
      pause();
    }
    return reference.get() == null;
  }

  /** Returns whether a reference stays, where garbage of the same age goes. */
  public static boolean isKept(WeakReference<?> reference) {
    WeakReference<Object> garbage = new WeakReference<>(new Object());
    return isCollected(garbage) && isCollected(new WeakReference<>(new Object())) && has(reference);
  }

  private static boolean has(WeakReference<?> reference) {
    return reference.get() != null;
  }

  private static void pause() {
    try {
      Thread.sleep(5);
    } catch (InterruptedException e) {
      throw new AssertionError("the test took too long", e);
    }
  }
}
