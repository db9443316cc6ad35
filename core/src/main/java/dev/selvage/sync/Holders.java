package dev.selvage.sync;

import dev.selvage.internal.Obstacles;
import dev.selvage.internal.Obstacles.LastActor;
import dev.selvage.internal.Obstacles.Obstacle;
import dev.selvage.internal.Waiter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who has what threads wait for in this package, and who last had to do with it, as far as it was
 * noted.
 */
final class Holders implements Obstacles.Teller {
  /*
   * A mutex has no owner: another thread than the one that has locked it may unlock it, and a wait
   * group may be counted down by anybody. Only what no program can reach, the mutex inside a Once
   * and the wait group inside an ErrorGroup, is given back by nobody but the one who has it.
   */
  private static final String LOCKED = "locked by";
  private static final String COUNTS = "which counts";

  Holders() {}

  @Override
  public @Nullable Obstacle of(Object object, Waiter waiter) {
    return switch (object) {
      case Mutex mutex -> Obstacle.thread(mutex.locker(), mutex, LOCKED, false);
      case RWMutex mutex -> of(mutex, mutex.ahead(waiter));
      case Once once -> Obstacle.thread(once.runner(), once, "run by", true);
      case OnceValue<?, ?> value -> Obstacle.thread(value.runner(), value, "found out by", true);
      case WaitGroup group -> Obstacle.group(group.mark(), group, COUNTS, false);
      case ErrorGroup group -> Obstacle.group(group.mark(), group, COUNTS, true);
      case SingleFlight.Call<?> call -> Obstacle.thread(call.leader, call.face, "led by", true);
      default -> null;
    };
  }

  @Override
  public List<LastActor> lastActors(Object object, Waiter waiter) {
    return switch (object) {
      case WaitGroup group -> List.of(new LastActor(group.lastDone(), group, "last to count down"));
      case Semaphore semaphore ->
          List.of(
              new LastActor(semaphore.lastTaker(), semaphore, "last to acquire"),
              new LastActor(semaphore.lastReleaser(), semaphore, "last to release"));
      case Cond cond -> List.of(new LastActor(cond.lastSignaller(), cond, "last to signal"));
      default -> List.of();
    };
  }

  private static @Nullable Obstacle of(RWMutex mutex, RWMutex.@Nullable Ahead ahead) {
    if (ahead == null) {
      return null;
    }
    String by =
        switch (ahead) {
          case READER -> "read by";
          case WRITER -> LOCKED;
          case NEXT_WRITER -> "kept for";
        };
    return Obstacle.thread(mutex.thread(ahead), mutex, by, false);
  }
}
