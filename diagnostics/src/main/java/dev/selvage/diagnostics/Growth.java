package dev.selvage.diagnostics;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Something that is watched because it may grow, and how it went.
 *
 * @param kind as {@code container}, {@code ticker}, {@code context}, {@code timer}, {@code
 *     scheduled task}
 * @param name what it is, as {@code com.acme.Prices.CACHE}
 * @param site where it is made, as far as that is known
 * @param onlyGrows whether it would be suspected now
 * @param points how it went, oldest first, at most 64
 */
public record Growth(
    String kind, String name, @Nullable String site, boolean onlyGrows, List<Point> points) {

  /**
   * One sample.
   *
   * @param nanos when, on the clock of {@link System#nanoTime()}
   * @param size how many there were
   */
  public record Point(long nanos, long size) {}

  public Growth {
    points = List.copyOf(points);
  }

  /** How much more there was in the end than at first; negative where it shrank. */
  public long grewBy() {
    return points.isEmpty() ? 0 : points.getLast().size() - points.getFirst().size();
  }
}
