package dev.selvage.diagnostics;

import dev.selvage.diagnostics.cores.Cores;
import dev.selvage.diagnostics.text.Json;
import java.lang.management.ManagementFactory;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import jdk.management.VirtualThreadSchedulerMXBean;
import org.jspecify.annotations.Nullable;

/**
 * What the schedulers of virtual threads in this JVM did and do, as JSON, schema {@code
 * selvage.scheduler/1}: fields may be added, never renamed. {@code schedulers} are ours, in all
 * copies of the language, and none where goroutines run on that of the JDK; {@code jdk} is the
 * JDK's own, which is always there. Thread-safe; does not block, and starts nothing.
 */
public final class SchedulerJson {
  private SchedulerJson() {}

  /** One JSON object on one line, ending in a line break. */
  public static String render() {
    return Json.text(value());
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
