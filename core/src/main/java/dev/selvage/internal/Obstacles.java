package dev.selvage.internal;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Who keeps a thread waiting, as far as what it waits on knows: for tools that look for circles. It
 * is told in numbers, so that who asks, or has asked, keeps no thread alive. Any thread may ask;
 * what is told was true at one moment.
 */
public final class Obstacles {
  private static final List<Teller> TELLERS = new CopyOnWriteArrayList<>();

  private Obstacles() {}

  /**
   * What keeps a thread waiting: one thread, or all goroutines that a group counts.
   *
   * @param thread the identifier of the thread; 0 for a group
   * @param group the mark of the group ({@link Roster#setCountedBy}); null for a thread
   * @param what what is waited for, in words
   * @param by what that thread has to do with it, in words that its name follows
   * @param owned whether it is certain that nobody else can end the wait, but by an interrupt
   */
  public record Obstacle(
      long thread, @Nullable Object group, String what, String by, boolean owned) {
    /** A thread, or null if that is not known. */
    public static @Nullable Obstacle thread(long thread, Object object, String by, boolean owned) {
      return thread == 0 ? null : new Obstacle(thread, null, name(object), by, owned);
    }

    /** The goroutines that have this mark. */
    public static Obstacle group(Object mark, Object object, String by, boolean owned) {
      return new Obstacle(0, mark, name(object), by, owned);
    }

    private static String name(Object object) {
      return object.getClass().getSimpleName()
          + "@"
          + Integer.toHexString(System.identityHashCode(object));
    }
  }

  /** Who knows some of the things that threads wait on. */
  public interface Teller {
    /** What keeps the thread waiting that waits on the object; null if that is not known. */
    @Nullable Obstacle of(Object object, Waiter waiter);
  }

  /** Adds one who knows more of them. Only a class that makes such waits does, when initialised. */
  public static void add(Teller teller) {
    TELLERS.add(teller);
  }

  /**
   * What keeps the owner of the waiter waiting; null if it does not wait, or only for a limited
   * time, or if it is not known.
   */
  public static @Nullable Obstacle of(Waiter waiter) {
    // The stamp comes first: who has seen it has seen what the owner did before it waited, so a
    // lock that it had and gave back is not taken for its own.
    if (waiter.stamp() == 0 || !waiter.isWaiting() || waiter.isLimited()) {
      return null;
    }
    Object object = waiter.object();
    if (object != null) {
      for (Teller teller : TELLERS) {
        Obstacle obstacle = teller.of(object, waiter);
        if (obstacle != null) {
          return obstacle;
        }
      }
    }
    return null;
  }
}
