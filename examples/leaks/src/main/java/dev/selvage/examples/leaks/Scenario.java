package dev.selvage.examples.leaks;

/**
 * The six scenarios, each in two forms: with Selvage's goroutines and with plain JDK parts. Steps
 * have no state of their own, so one of each kind serves all requests.
 */
@SuppressWarnings("ImmutableEnumChecker") // steps have no state
enum Scenario {
  ABANDONED_SENDER(new AbandonedSender.Leaky(), new AbandonedSender.Fixed()),
  ABANDONED_HANDOVER(new AbandonedHandover.Leaky(), new AbandonedHandover.Fixed()),
  UNCLOSED_CHANNEL(new UnclosedChannel.Leaky(), new UnclosedChannel.Fixed()),
  UNENDED_QUEUE(new UnendedQueue.Leaky(), new UnendedQueue.Fixed()),
  FORGOTTEN_TICKER(new ForgottenTicker.Leaky(), new ForgottenTicker.Fixed()),
  FORGOTTEN_SCHEDULE(new ForgottenSchedule.Leaky(), new ForgottenSchedule.Fixed()),
  GROWING_CACHE(new GrowingCache.Leaky(), new GrowingCache.Fixed()),
  KEY_WITHOUT_EQUALS(new KeyWithoutEquals.Leaky(), new KeyWithoutEquals.Fixed()),
  MISCOUNTED_WAIT_GROUP(new MiscountedWaitGroup.Leaky(), new MiscountedWaitGroup.Fixed()),
  UNRELEASED_LOCK(new UnreleasedLock.Leaky(), new UnreleasedLock.Fixed()),
  UNCANCELLED_CONTEXT(new UncancelledContext.Leaky(), new UncancelledContext.Fixed()),
  UNCOMPLETED_FUTURE(new UncompletedFuture.Leaky(), new UncompletedFuture.Fixed());

  private final Step leaky;
  private final Step fixed;

  Scenario(Step leaky, Step fixed) {
    this.leaky = leaky;
    this.fixed = fixed;
  }

  /** The version that leaks with each order. */
  Step leaky() {
    return leaky;
  }

  /** The version that leaves nothing behind. */
  Step fixed() {
    return fixed;
  }
}
