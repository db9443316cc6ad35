package dev.selvage.diagnostics.profile;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * When, why and for how long the JVM stopped all threads (safepoints), from its flight recorder,
 * which this starts if nobody has: that costs, so it is done only where it was asked for. One
 * thread at a time.
 */
public final class VmStops implements AutoCloseable {
  private static final String EVENT = "jdk.ExecuteVMOperation";

  private final JfrRecording recording;

  /** From the recorder's clock to {@link System#nanoTime()}. */
  private final long offset;

  private VmStops(JfrRecording recording, long offset) {
    this.recording = recording;
    this.offset = offset;
  }

  /**
   * A time in which all threads stood still.
   *
   * @param operation what for, in the JVM's words, as {@code FindDeadlocks}
   * @param begun by {@link System#nanoTime()}, to a fraction of a millisecond
   * @param ended likewise
   */
  public record Stop(String operation, long begun, long ended) {}

  /**
   * Begins to record them.
   *
   * @throws ProfileException if the JVM's flight recorder does not work here
   */
  public static VmStops start() throws ProfileException {
    JfrRecording recording =
        JfrRecording.start(Map.of(EVENT, Map.of("enabled", "true", "threshold", "0 ns")));
    return new VmStops(recording, System.nanoTime() - nanos(Instant.now()));
  }

  private static long nanos(Instant time) {
    return time.getEpochSecond() * 1_000_000_000 + time.getNano();
  }

  /**
   * Those up to now, in their order. Blocks while they are read.
   *
   * @throws ProfileException if they cannot be
   */
  public List<Stop> list() throws ProfileException {
    List<Stop> stops = new ArrayList<>();
    recording.read(
        event -> {
          if (event.getEventType().getName().equals(EVENT) && event.getBoolean("safepoint")) {
            stops.add(
                new Stop(
                    event.getString("operation"),
                    nanos(event.getStartTime()) + offset,
                    nanos(event.getEndTime()) + offset));
          }
        });
    stops.sort(Comparator.comparingLong(Stop::begun));
    return stops;
  }

  /** Ends it, and lets go of what was recorded. */
  @Override
  public void close() {
    recording.close();
  }
}
