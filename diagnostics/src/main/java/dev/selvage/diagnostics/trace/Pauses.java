package dev.selvage.diagnostics.trace;

import com.sun.management.GarbageCollectionNotificationInfo;
import com.sun.management.GcInfo;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
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

  private final Deque<Replay.Collection> collections = new ArrayDeque<>();
  private final Set<String> heapPools = new HashSet<>();
  private final List<NotificationEmitter> emitters = new ArrayList<>();
  private final NotificationListener listener =
      (notification, _) -> {
        if (notification.getType()
                .equals(GarbageCollectionNotificationInfo.GARBAGE_COLLECTION_NOTIFICATION)
            && notification.getUserData() instanceof CompositeData data) {
          add(GarbageCollectionNotificationInfo.from(data));
        }
      };

  Pauses() {
    for (GarbageCollectorMXBean bean : ManagementFactory.getGarbageCollectorMXBeans()) {
      if (bean instanceof NotificationEmitter emitter && isPausing(bean.getName())) {
        heapPools.addAll(List.of(bean.getMemoryPoolNames()));
        emitter.addNotificationListener(listener, null, null);
        emitters.add(emitter);
      }
    }
  }

  /** Whether what the bean tells of are pauses; those of ZGC and Shenandoah have two beans. */
  private static boolean isPausing(String bean) {
    return !bean.endsWith(" Cycles") && !bean.endsWith(" Major Cycles");
  }

  private void add(GarbageCollectionNotificationInfo info) {
    GcInfo gc = info.getGcInfo();
    // Both clocks run evenly; the JVM's has milliseconds.
    long start =
        System.nanoTime()
            - TimeUnit.MILLISECONDS.toNanos(
                ManagementFactory.getRuntimeMXBean().getUptime() - gc.getStartTime());
    long nanos = TimeUnit.MILLISECONDS.toNanos(gc.getDuration());
    Replay.Collection collection =
        new Replay.Collection(
            info.getGcName() + " (" + info.getGcCause() + ")",
            start,
            start + nanos,
            used(gc.getMemoryUsageBeforeGc()),
            used(gc.getMemoryUsageAfterGc()),
            Runtime.getRuntime().maxMemory());
    synchronized (this) {
      if (collections.size() == MOST) {
        collections.removeFirst();
      }
      collections.addLast(collection);
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

  synchronized List<Replay.Collection> list() {
    return List.copyOf(collections);
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
