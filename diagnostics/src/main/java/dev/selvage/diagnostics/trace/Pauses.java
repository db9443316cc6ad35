package dev.selvage.diagnostics.trace;

import com.sun.management.GarbageCollectionNotificationInfo;
import com.sun.management.GarbageCollectorMXBean;
import com.sun.management.GcInfo;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.lang.management.RuntimeMXBean;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import javax.management.ListenerNotFoundException;
import javax.management.NotificationEmitter;
import javax.management.NotificationListener;
import javax.management.openmbean.CompositeData;

/**
 * The pauses of the collector since this was made, the last ones if they are many. The JVM tells
 * their times to a millisecond, and a moment after they are over. Thread-safe.
 */
final class Pauses {
  private static final int MOST = 10_000;

  /** By bean and number, so that none comes twice. */
  private record Key(String bean, long number) {}

  // Guarded by this.
  private final Map<Key, Replay.Collection> collections = new LinkedHashMap<>();

  private static final long MOST_BEHIND_MILLIS = 5_000;

  /**
   * By how much the clock of {@link GcInfo} is behind that of the uptime: it began when the JVM had
   * been initialised. The time of that is known by the wall clock only; if somebody has set that
   * since, so that the answer cannot be, nothing is taken for it.
   */
  private static final long BEHIND_MILLIS = behind(ManagementFactory.getRuntimeMXBean());

  private final long begunMillis = gcMillis();
  private final List<GarbageCollectorMXBean> beans = new ArrayList<>();
  private final Set<String> heapPools = new HashSet<>();
  private final List<NotificationEmitter> emitters = new ArrayList<>();
  private final NotificationListener listener =
      (notification, _) -> {
        if (notification
                .getType()
                .equals(GarbageCollectionNotificationInfo.GARBAGE_COLLECTION_NOTIFICATION)
            && notification.getUserData() instanceof CompositeData data) {
          GarbageCollectionNotificationInfo info = GarbageCollectionNotificationInfo.from(data);
          add(
              info.getGcName(),
              info.getGcName() + " (" + info.getGcCause() + ")",
              info.getGcInfo());
        }
      };

  Pauses() {
    for (GarbageCollectorMXBean bean :
        ManagementFactory.getPlatformMXBeans(GarbageCollectorMXBean.class)) {
      if (bean instanceof NotificationEmitter emitter && isPausing(bean.getName())) {
        beans.add(bean);
        heapPools.addAll(List.of(bean.getMemoryPoolNames()));
        emitter.addNotificationListener(listener, null, null);
        emitters.add(emitter);
      }
    }
  }

  private static long behind(RuntimeMXBean jvm) {
    long behind = jvm.getUptime() - (System.currentTimeMillis() - jvm.getStartTime());
    return behind >= 0 && behind <= MOST_BEHIND_MILLIS ? behind : 0;
  }

  /** Now, on the clock of {@link GcInfo}. */
  private static long gcMillis() {
    return ManagementFactory.getRuntimeMXBean().getUptime() - BEHIND_MILLIS;
  }

  /** Whether what the bean tells of are pauses; those of ZGC and Shenandoah have two beans. */
  private static boolean isPausing(String bean) {
    return !bean.endsWith(" Cycles") && !bean.endsWith(" Major Cycles");
  }

  private void add(String bean, String what, GcInfo gc) {
    // Both clocks run evenly; the JVM's has milliseconds.
    long start = System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(gcMillis() - gc.getStartTime());
    long nanos = TimeUnit.MILLISECONDS.toNanos(gc.getDuration());
    Replay.Collection collection =
        new Replay.Collection(
            what,
            start,
            start + nanos,
            used(gc.getMemoryUsageBeforeGc()),
            used(gc.getMemoryUsageAfterGc()),
            Runtime.getRuntime().maxMemory());
    synchronized (this) {
      if (collections.size() >= MOST) {
        collections.remove(collections.keySet().iterator().next());
      }
      collections.putIfAbsent(new Key(bean, gc.getId()), collection);
    }
  }

  private long used(Map<String, MemoryUsage> pools) {
    long used = 0;
    for (Map.Entry<String, MemoryUsage> pool : pools.entrySet()) {
      if (heapPools.contains(pool.getKey())) {
        used += pool.getValue().getUsed();
      }
    }
    return used;
  }

  /** Those that are over, even if their listeners have not been told yet. */
  List<Replay.Collection> list() {
    for (GarbageCollectorMXBean bean : beans) {
      GcInfo last = bean.getLastGcInfo();
      if (last != null && last.getEndTime() >= begunMillis) {
        add(bean.getName(), bean.getName(), last);
      }
    }
    synchronized (this) {
      return List.copyOf(collections.values());
    }
  }

  void close() {
    for (NotificationEmitter emitter : emitters) {
      try {
        emitter.removeNotificationListener(listener);
      } catch (ListenerNotFoundException e) {
        // Gone already.
      }
    }
    emitters.clear();
  }
}
