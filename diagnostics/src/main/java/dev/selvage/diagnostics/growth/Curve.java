package dev.selvage.diagnostics.growth;

import dev.selvage.diagnostics.Growth;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How a number went over time, in a bounded number of points, and whether it only grows. Not for
 * several threads at once.
 */
final class Curve {
  /*
   * Invariants: points are in the order of time; the first is the first sample; the last is the
   * newest sample. When there are MOST of them every second one goes, and from then on a new sample
   * takes the place of the last point until that is far enough from the one before it. Whether the
   * number ever shrank is judged on every sample, so thinning never hides it.
   */
  private static final int MOST = 64;

  private final List<long[]> points = new ArrayList<>(8);
  private long spacing;
  private boolean shrank;

  void add(long nanos, long value) {
    int size = points.size();
    if (size > 0 && value < points.getLast()[1]) {
      shrank = true;
    }
    if (size >= 2 && points.get(size - 1)[0] - points.get(size - 2)[0] < spacing) {
      points.removeLast();
    } else if (size == MOST) {
      thin();
    }
    points.add(new long[] {nanos, value});
  }

  private void thin() {
    List<long[]> kept = new ArrayList<>(MOST);
    for (int i = 0; i < points.size(); i += 2) {
      kept.add(points.get(i));
    }
    long span = points.getLast()[0] - points.getFirst()[0];
    points.clear();
    points.addAll(kept);
    spacing = span * 3 / (2L * MOST);
  }

  int samples() {
    return points.size();
  }

  long first() {
    return points.isEmpty() ? 0 : points.getFirst()[1];
  }

  long last() {
    return points.isEmpty() ? 0 : points.getLast()[1];
  }

  double seconds() {
    return points.isEmpty() ? 0 : (points.getLast()[0] - points.getFirst()[0]) / 1e9;
  }

  /** What was added a second, from the first sample to the last. */
  double perSecond() {
    double seconds = seconds();
    return seconds <= 0 ? 0 : Math.round((last() - first()) / seconds * 10) / 10.0;
  }

  /** How long before the last sample the middle one was taken. */
  long sinceMiddleNanos() {
    return points.isEmpty() ? 0 : points.getLast()[0] - points.get(points.size() / 2)[0];
  }

  /** The number in the middle of all samples. */
  long middle() {
    return points.isEmpty() ? 0 : points.get(points.size() / 2)[1];
  }

  boolean shrank() {
    return shrank;
  }

  /**
   * Whether it only grows, by at least {@code least}: it never shrank; there are at least three
   * samples; apart from a quiet start it grew in nearly every interval and in the last one; and it
   * does not level off, since what fills up is no leak.
   */
  boolean onlyGrows(long least) {
    List<long[]> p = judged();
    if (shrank || p.size() < 3) {
      return false;
    }
    int all = p.size() - 1;
    int start = 0;
    while (start < all && p.get(start + 1)[1] == p.get(start)[1]) {
      start++;
    }
    int intervals = all - start;
    if (intervals < 2 || (intervals < 4 && intervals * 2 < all)) {
      return false;
    }
    int flat = 0;
    for (int i = start; i < all; i++) {
      flat += p.get(i + 1)[1] == p.get(i)[1] ? 1 : 0;
    }
    if (flat > intervals / 5 || p.get(all)[1] == p.get(all - 1)[1]) {
      return false;
    }
    int middle = start + intervals / 2;
    return p.get(all)[1] - p.get(start)[1] >= least
        && rate(p.get(middle), p.get(all)) * 3 >= rate(p.get(start), p.get(middle));
  }

  /** The points, without one that only splits the last interval into a long and a tiny part. */
  private List<long[]> judged() {
    int size = points.size();
    if (size < 3) {
      return points;
    }
    long average = (points.getLast()[0] - points.getFirst()[0]) / (size - 1);
    if (points.get(size - 1)[0] - points.get(size - 2)[0] >= average / 3) {
      return points;
    }
    List<long[]> merged = new ArrayList<>(points);
    merged.remove(size - 2);
    return merged;
  }

  private static double rate(long[] from, long[] to) {
    return (to[1] - from[1]) / (double) Math.max(1, to[0] - from[0]);
  }

  /** All points there are. */
  List<Growth.Point> points() {
    return points.stream().map(p -> new Growth.Point(p[0], p[1])).toList();
  }

  /** At most {@code most} points as {@code 1.5s 120}, the first and the last among them. */
  List<String> text(int most) {
    List<String> lines = new ArrayList<>();
    int size = points.size();
    int shown = Math.min(size, most);
    for (int i = 0; i < shown; i++) {
      long[] point = points.get(shown == 1 ? 0 : (int) ((long) i * (size - 1) / (shown - 1)));
      double at = (point[0] - points.getFirst()[0]) / 1e9;
      lines.add(String.format(Locale.ROOT, "%.1fs %d", at, point[1]));
    }
    return lines;
  }
}
