package dev.selvage.internal;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the schedulers of this copy of the language tell of themselves, for tools. Asking starts
 * none: a copy in which no goroutine was ever started has none. Thread-safe; does not block.
 */
public final class Schedulers {
  // All are set by the schedulers, which know of this class; it does not know of them.
  private static volatile Supplier<List<Map<String, Object>>> stats = List::of;
  private static volatile Supplier<long[]> latencies = () -> new long[0];
  private static volatile LongFunction<Function<String, @Nullable Object>> hold =
      _ -> word -> word.equals("resume") ? (Object) true : new int[2];
  private static volatile @Nullable String jdk;

  private Schedulers() {}

  /** Says who knows the schedulers that there are. */
  public static void setStats(
      Supplier<List<Map<String, Object>>> supplier, Supplier<long[]> latency) {
    stats = supplier;
    latencies = latency;
  }

  /** Says who can hold them. */
  public static void setHold(LongFunction<Function<String, @Nullable Object>> holder) {
    hold = holder;
  }

  /** As {@code Probe.hold} tells it. */
  public static Function<String, @Nullable Object> hold(long nanos) {
    return hold.apply(nanos);
  }

  /** Says that goroutines run on the scheduler of the JDK, and why. */
  public static void useJdk(String why) {
    jdk = why;
  }

  /** As {@code Probe.scheduling} tells it. */
  public static Map<String, Object> tell() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("schedulers", new ArrayList<>(stats.get()));
    map.put("latencies", latencies.get());
    String why = jdk;
    if (why != null) {
      map.put("jdk", why);
    }
    return map;
  }
}
