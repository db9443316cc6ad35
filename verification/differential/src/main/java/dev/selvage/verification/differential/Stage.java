package dev.selvage.verification.differential;

import dev.selvage.Go;
import dev.selvage.Goroutine;
import dev.selvage.observe.WaitReason;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Where one scenario plays: goroutines of which each does one thing, and finishes or blocks. */
final class Stage {
  /** Waits that only another goroutine can end; in the others time passes. */
  private static final Set<WaitReason> DURABLE =
      Set.of(
          WaitReason.CHAN_SEND,
          WaitReason.CHAN_RECEIVE,
          WaitReason.CHAN_SEND_NIL,
          WaitReason.CHAN_RECEIVE_NIL,
          WaitReason.SELECT,
          WaitReason.SELECT_NO_CASES,
          WaitReason.MUTEX_LOCK,
          WaitReason.RWMUTEX_RLOCK,
          WaitReason.RWMUTEX_LOCK,
          WaitReason.WAIT_GROUP_WAIT,
          WaitReason.COND_WAIT,
          WaitReason.SEMACQUIRE,
          WaitReason.ERROR_GROUP_WAIT,
          WaitReason.SINGLE_FLIGHT_DO);

  /** A scenario that hangs is a mistake in it; here it ends. */
  private static final int PATIENCE_MILLIS = 60_000;

  private final List<Actor> actors = new ArrayList<>();

  /** One goroutine of the scenario. */
  static final class Actor {
    private final CountDownLatch begun = new CountDownLatch(1);
    private volatile @Nullable Goroutine goroutine;
    private volatile @Nullable Thread thread;
    private volatile @Nullable String outcome;
    private String blocked = ""; // written by settle

    boolean hasFinished() {
      return outcome != null;
    }

    /** Its outcome as of the last time that all had settled. */
    @Override
    public String toString() {
      String o = outcome;
      return o != null ? o : "blocks (" + blocked + ")";
    }

    private boolean isSettled() {
      if (outcome != null) {
        return true;
      }
      Goroutine g = goroutine;
      if (g == null || g.state() != Thread.State.WAITING) {
        return false;
      }
      Optional<WaitReason> reason = g.waitReason().filter(DURABLE::contains);
      reason.ifPresent(r -> blocked = r.text());
      return reason.isPresent();
    }
  }

  /** Starts an actor and waits until it, and everybody else, has finished or is blocked. */
  Actor start(Callable<String> task) throws InterruptedException {
    Actor actor = launch(task);
    settle();
    return actor;
  }

  Actor launch(Callable<String> task) throws InterruptedException {
    Actor actor = new Actor();
    actors.add(actor);
    Go.go(
        () -> {
          actor.thread = Thread.currentThread();
          actor.goroutine = Goroutine.current();
          actor.begun.countDown();
          actor.outcome = attempt(task);
        });
    actor.begun.await();
    return actor;
  }

  /** What a task says, or what it throws. */
  static String attempt(Callable<String> task) {
    try {
      return task.call();
    } catch (Exception e) {
      return "panics: " + e.getMessage();
    }
  }

  /**
   * Waits until no actor can go on by itself. One that was looked at first may have been woken by
   * one that was looked at later; so it must look the same again.
   */
  void settle() throws InterruptedException {
    int clean = 0;
    for (int i = 0; clean < 3; i++) {
      if (i == 10 * PATIENCE_MILLIS) {
        throw new AssertionError("no end of it: " + actors);
      }
      clean = actors.stream().allMatch(Actor::isSettled) ? clean + 1 : 0;
      if (clean == 0) {
        Thread.sleep(0, 100_000);
      }
    }
  }

  /** Settles, and joins the outcomes of actors. */
  String tell(Actor... told) throws InterruptedException {
    return tell(List.of(told));
  }

  /** Settles, and joins the outcomes of actors. */
  String tell(List<Actor> told) throws InterruptedException {
    settle();
    return told.stream().map(Actor::toString).collect(Collectors.joining("; "));
  }

  /** Waits until actors have finished, whoever lets them, and joins their outcomes. */
  String finish(Actor... finishing) throws InterruptedException {
    List<Actor> told = List.of(finishing);
    for (int i = 0; !told.stream().allMatch(Actor::hasFinished); i++) {
      if (i == PATIENCE_MILLIS) {
        throw new AssertionError("no end of it: " + actors);
      }
      Thread.sleep(1);
    }
    return tell(told);
  }

  /** Ends who is still blocked; afterwards none of the goroutines is left. */
  void clear() throws InterruptedException {
    for (int i = 0; !actors.stream().allMatch(Actor::hasFinished); i++) {
      if (i == PATIENCE_MILLIS) {
        throw new AssertionError("interrupted, and still there: " + actors);
      }
      for (Actor actor : actors) {
        Thread t = actor.thread;
        if (!actor.hasFinished() && t != null) {
          t.interrupt();
        }
      }
      Thread.sleep(1);
    }
  }
}
