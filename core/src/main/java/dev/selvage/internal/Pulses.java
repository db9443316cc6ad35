package dev.selvage.internal;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The door through which the time package gets channels that yield times, without either package
 * showing its inside. Only the channel's class, when initialised, sets the maker.
 */
public final class Pulses {
  private static volatile @Nullable Supplier<? extends Pulse<?>> maker;

  private Pulses() {}

  /** Says who makes them. */
  public static void setMaker(Supplier<? extends Pulse<?>> maker) {
    Pulses.maker = maker;
  }

  /** Makes one that has no time set. The channel's class must have been initialised. */
  public static Pulse<?> create() {
    Supplier<? extends Pulse<?>> m = maker;
    if (m == null) {
      throw new IllegalStateException("channels are not initialised");
    }
    return m.get();
  }
}
