package dev.selvage.internal.gmp;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Tasks that are added to the {@link GlobalQueue} at once. */
final class Batch {
  private static final VarHandle TAKEN;
  private static final VarHandle NEXT;

  static {
    try {
      TAKEN = MethodHandles.lookup().findVarHandle(Batch.class, "taken", int.class);
      NEXT = MethodHandles.lookup().findVarHandle(Batch.class, "next", Batch.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final @Nullable Runnable[] tasks;
  private volatile int taken;
  volatile @Nullable Batch next;

  /** Of an array that is full, and from here on the batch's. */
  Batch(@Nullable Runnable[] tasks) {
    this.tasks = tasks;
  }

  static Batch of(Runnable task) {
    return new Batch(new @Nullable Runnable[] {task});
  }

  int length() {
    return tasks.length;
  }

  /** Makes another one the next, if there is none. */
  boolean append(Batch batch) {
    return NEXT.compareAndSet(this, (Batch) null, batch);
  }

  /** Takes up to so many; returns how many. */
  int take(@Nullable Runnable[] into, int most) {
    for (; ; ) {
      int t = taken;
      int n = Math.min(most, tasks.length - t);
      if (n == 0) {
        return 0;
      }
      if (TAKEN.compareAndSet(this, t, t + n)) {
        for (int i = 0; i < n; i++) {
          into[i] = tasks[t + i];
          tasks[t + i] = null;
        }
        return n;
      }
    }
  }

  void forEach(Consumer<Runnable> visitor) {
    for (int i = taken; i < tasks.length; i++) {
      Runnable task = tasks[i];
      if (task != null) {
        visitor.accept(task);
      }
    }
  }
}
