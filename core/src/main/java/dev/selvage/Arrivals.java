package dev.selvage;

import dev.selvage.internal.Obstacles;
import dev.selvage.internal.Obstacles.LastActor;
import dev.selvage.internal.Obstacles.Obstacle;
import dev.selvage.internal.Waiter;
import dev.selvage.observe.WaitReason;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Who came last to the channels that threads wait on. */
final class Arrivals implements Obstacles.Teller {
  Arrivals() {}

  /** Anybody may come to a channel, so nobody in particular keeps one waiting. */
  @Override
  public @Nullable Obstacle of(Object object, Waiter waiter) {
    return null;
  }

  @Override
  public List<LastActor> lastActors(Object object, Waiter waiter) {
    return switch (object) {
      case Selection selection -> selection.lastActors();
      case Channel<?> channel -> {
        LastActor actor = channel.lastActor(waiter.reason() == WaitReason.CHAN_SEND);
        yield actor == null ? List.of() : List.of(actor);
      }
      default -> List.of();
    };
  }
}
