package dev.selvage.verification.stress;

import java.util.concurrent.atomic.AtomicIntegerArray;

/** Which values were sent and which came. A value is sent by one thread, at most once. */
final class Ledger {
  private final AtomicIntegerArray sent;
  private final AtomicIntegerArray received;

  Ledger(int values) {
    sent = new AtomicIntegerArray(values);
    received = new AtomicIntegerArray(values);
  }

  /** The sender was told that it is sent. */
  void sent(int value) {
    sent.incrementAndGet(value);
  }

  void received(int value) {
    received.incrementAndGet(value);
  }

  /**
   * Every value that was sent came once, and no other came.
   *
   * @return how many were sent
   */
  int checkConserved() {
    int total = 0;
    for (int v = 0; v < sent.length(); v++) {
      if (sent.get(v) != received.get(v) || sent.get(v) > 1) {
        throw new AssertionError(
            "value " + v + ": sent " + sent.get(v) + " times, received " + received.get(v));
      }
      total += sent.get(v);
    }
    return total;
  }
}
