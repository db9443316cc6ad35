package dev.selvage.internal;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Who keeps a thread waiting, and who last could have woken it, as far as what it waits on knows:
 * for tools that look for circles and explain leaks. It is told in numbers, so that who asks, or
 * has asked, keeps no thread alive. Any thread may ask; what is told was true at one moment.
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

  /**
   * A thread that was the last to do what would have ended a wait, or might have, if it had done it
   * once more. It need not be there any more.
   *
   * @param thread the identifier of the thread; 0 if nobody has done so yet
   * @param object what is waited on; only to be named
   * @param did what the thread has done, in words that its name follows
   */
  public record LastActor(long thread, Object object, String did) {}

  /** Who knows some of the things that threads wait on. */
  public interface Teller {
    /** What keeps the thread waiting that waits on the object; null if that is not known. */
    @Nullable Obstacle of(Object object, Waiter waiter);

    /** Who last did something to what the thread waits on; none if that is not known. */
    default List<LastActor> lastActors(Object object, Waiter waiter) {
      return List.of();
    }
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

  /** Who last did something to what the owner of the waiter waits on; none if it does not wait. */
  public static List<LastActor> lastActors(Waiter waiter) {
    Object object = waiter.object();
    if (object == null || waiter.stamp() == 0 || !waiter.isWaiting()) {
      return List.of();
    }
    for (Teller teller : TELLERS) {
      List<LastActor> actors = teller.lastActors(object, waiter);
      if (!actors.isEmpty()) {
        return actors;
      }
    }
    return List.of();
  }
}
