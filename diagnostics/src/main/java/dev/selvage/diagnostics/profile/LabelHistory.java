package dev.selvage.diagnostics.profile;

import dev.selvage.diagnostics.cores.Cores;
import java.time.Instant;
import java.util.Map;
import java.util.NavigableMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Which labels were in force in which thread at which time, while a profile is taken. Keeps no
 * thread. Thread-safe.
 */
final class LabelHistory implements AutoCloseable {
  /** What is not remembered beyond that is counted. */
  private static final int MOST_CHANGES = 200_000;

  private final Map<Long, NavigableMap<Long, Map<String, String>>> threads =
      new ConcurrentHashMap<>();
  private final AtomicInteger changes = new AtomicInteger();
  private final AtomicInteger lost = new AtomicInteger();
  private final AutoCloseable listening;

  private LabelHistory() {
    listening = Cores.listenToLabels(this::told);
  }

  /** Remembers from now on; what is in force already must be {@linkplain #add added}. */
  static LabelHistory begin() {
    return new LabelHistory();
  }

  /** The labels that a thread has had since before. */
  void add(long thread, Map<String, String> labels) {
    if (!labels.isEmpty()) {
      put(thread, Long.MIN_VALUE, labels);
    }
  }

  private void told(long thread, Map<String, String> labels) {
    Instant now = Instant.now();
    put(thread, nanos(now), labels);
  }

  private void put(long thread, long when, Map<String, String> labels) {
    if (changes.incrementAndGet() > MOST_CHANGES) {
      lost.incrementAndGet();
      return;
    }
    threads.computeIfAbsent(thread, _ -> new ConcurrentSkipListMap<>()).put(when, labels);
  }

  private static long nanos(Instant when) {
    return when.getEpochSecond() * 1_000_000_000L + when.getNano();
  }

  /** The labels of a thread at a time; empty if none are known. */
  Map<String, String> at(long thread, Instant when) {
    NavigableMap<Long, Map<String, String>> history = threads.get(thread);
    if (history == null) {
      return Map.of();
    }
    Map.Entry<Long, Map<String, String>> last = history.floorEntry(nanos(when));
    return last == null ? Map.of() : last.getValue();
  }

  /** How many changes were too many to be remembered. */
  int lost() {
    return lost.get();
  }

  /** Remembers no more. */
  @Override
  public void close() {
    try {
      listening.close();
    } catch (Exception e) {
      throw new IllegalStateException("the end of listening cannot fail", e);
    }
  }
}
