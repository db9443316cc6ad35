package dev.selvage.diagnostics;

import dev.selvage.diagnostics.cores.Cores;
import dev.selvage.diagnostics.text.Json;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import jdk.management.VirtualThreadSchedulerMXBean;
import org.jspecify.annotations.Nullable;

/**
 * What the schedulers of virtual threads in this JVM did and do, as JSON, schema {@code
 * selvage.scheduler/1}: fields may be added, never renamed. {@code schedulers} are ours, in all
 * copies of the language, and none where goroutines run on that of the JDK; {@code jdk} is the
 * JDK's own, which is always there. {@code latency}, where it was asked for, has {@code seconds}
 * and {@code buckets}: in place i how many goroutines were runnable for less than 2^i nanoseconds
 * before they ran, but not for less than half of that. Thread-safe; starts nothing, and does not
 * block but where that is said.
 */
public final class SchedulerJson {
  private SchedulerJson() {}

  /** One JSON object on one line, ending in a line break. */
  public static String render() {
    return Json.text(value());
  }

  /**
   * The same, with {@code latency}: how long goroutines were runnable before they ran, of those
   * that ran during a while that begins now. Blocks until that is over.
   */
  public static String renderWithLatency(Duration time) throws InterruptedException {
    long[] before;
    long[] after;
    AutoCloseable measuring = Cores.measureLatency();
    try {
      before = latencies();
      Thread.sleep(time);
      after = latencies();
    } finally {
      close(measuring);
    }
    int length = after.length;
    for (int i = 0; i < length; i++) {
      after[i] -= before[i];
    }
    while (length > 0 && after[length - 1] == 0) {
      length--;
    }
    Map<String, @Nullable Object> latency = new LinkedHashMap<>();
    latency.put("seconds", time.toNanos() / 1e9);
    latency.put("buckets", Arrays.stream(after, 0, length).boxed().toList());
    Map<String, @Nullable Object> root = value();
    root.put("latency", latency);
    return Json.text(root);
  }

  private static void close(AutoCloseable measuring) {
    try {
      measuring.close();
    } catch (Exception e) {
      throw new IllegalStateException(e); // none throws
    }
  }

  private static long[] latencies() {
    long[] sum = new long[Long.SIZE];
    for (Map<?, ?> copy : Cores.scheduling()) {
      if (copy.get("latencies") instanceof long[] counts) {
        for (int i = 0; i < Math.min(sum.length, counts.length); i++) {
          sum[i] += counts[i];
        }
      }
    }
    return sum;
  }

  /** The same as a value. */
  public static Map<String, @Nullable Object> value() {
    List<Object> ours = new ArrayList<>();
    String why = null;
    for (Map<?, ?> copy : Cores.scheduling()) {
      if (copy.get("schedulers") instanceof List<?> schedulers) {
        ours.addAll(schedulers);
      }
      if (copy.get("jdk") instanceof String text) {
        why = text;
      }
    }
    Map<String, @Nullable Object> root = new LinkedHashMap<>();
    root.put("schema", "selvage.scheduler/1");
    root.put("capturedAt", Instant.now().toString());
    root.put("uptimeMillis", ManagementFactory.getRuntimeMXBean().getUptime());
    root.put("schedulers", ours);
    root.put("jdk", jdk(why));
    return root;
  }

  private static Map<String, @Nullable Object> jdk(@Nullable String why) {
    Map<String, @Nullable Object> jdk = new LinkedHashMap<>();
    VirtualThreadSchedulerMXBean bean =
        ManagementFactory.getPlatformMXBean(VirtualThreadSchedulerMXBean.class);
    jdk.put("parallelism", known(bean.getParallelism()));
    jdk.put("threads", known(bean.getPoolSize()));
    jdk.put("mounted", known(bean.getMountedVirtualThreadCount()));
    jdk.put("queued", known(bean.getQueuedVirtualThreadCount()));
    jdk.put("goroutinesBecause", why);
    return jdk;
  }

  /** The JDK says -1 where it does not know. */
  private static @Nullable Long known(long number) {
    return number < 0 ? null : number;
  }
}
