package dev.selvage.verification.interleavings;

import java.util.Arrays;

/**
 * Which values were sent, and which were received. The scheduler lets one thread run at a time, so
 * plain arrays are right, and add no point at which it could switch.
 */
final class Ledger {
  private final int[] sent = new int[10];
  private final int[] received = new int[10];

  void sent(int value) {
    sent[value]++;
  }

  void received(int value) {
    received[value]++;
  }

  int sentCount() {
    return Arrays.stream(sent).sum();
  }

  int receivedCount() {
    return Arrays.stream(received).sum();
  }

  /** Every value that was sent was received once, and no other was. */
  void checkConserved() {
    Race.check(
        Arrays.equals(sent, received),
        "sent " + Arrays.toString(sent) + ", received " + Arrays.toString(received));
    Race.check(Arrays.stream(received).max().orElse(0) <= 1, "a value came twice");
  }
}
