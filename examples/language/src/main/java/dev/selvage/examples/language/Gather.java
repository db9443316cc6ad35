package dev.selvage.examples.language;

import dev.selvage.ReceiveChannel;
import java.util.ArrayList;
import java.util.List;

/** Receives all there is. */
final class Gather {
  private Gather() {}

  /** What comes until the channel is closed, in that order. */
  static <T> List<T> all(ReceiveChannel<T> channel) {
    List<T> values = new ArrayList<>();
    for (T value : channel) {
      values.add(value);
    }
    return values;
  }
}
