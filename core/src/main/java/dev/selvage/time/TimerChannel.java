package dev.selvage.time;

import dev.selvage.Channel;
import dev.selvage.ReceiveChannel;
import dev.selvage.internal.Pulse;
import dev.selvage.internal.Pulses;
import java.lang.invoke.MethodHandles;
import java.time.Instant;

/** Makes the channels of timers and tickers. */
final class TimerChannel {
  static {
    try {
      // The channel's class says how they are made, when it is initialised.
      MethodHandles.lookup().ensureInitialized(Channel.class);
    } catch (IllegalAccessException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private TimerChannel() {}

  @SuppressWarnings("unchecked") // the only maker makes these
  static Pulse<ReceiveChannel<Instant>> create() {
    return (Pulse<ReceiveChannel<Instant>>) Pulses.create();
  }
}
