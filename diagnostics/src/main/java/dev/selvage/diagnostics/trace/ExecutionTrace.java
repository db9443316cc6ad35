package dev.selvage.diagnostics.trace;

import dev.selvage.diagnostics.profile.ProfileException;
import dev.selvage.diagnostics.profile.VmStops;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What goroutines did, step by step: created, runnable and by whom, running on which P, blocked and
 * why, ended; with tasks, regions and logs ({@code dev.selvage.trace.Trace}) and the pauses of the
 * collector. Go's {@code runtime/trace}.
 *
 * <pre>{@code
 * try (var trace = ExecutionTrace.start()) {
 *   work();
 *   trace.stop();
 *   try (var out = Files.newOutputStream(Path.of("trace.out"))) {
 *     trace.writeTo(out, TraceFormat.GO);
 *   }
 * }
 * }</pre>
 *
 * <p>It needs the scheduler of Selvage: that of the JDK does not tell what it does. Virtual threads
 * that goroutines do not start are not in it, but as who wakes a goroutine. Events are kept in
 * memory, in some ten bytes each, and written at the end. When there is no room for more, the trace
 * ends there, and says how many events came after.
 *
 * <p>Thread-safe. Nothing blocks but writing.
 */
public final class ExecutionTrace implements AutoCloseable {
  /** How many bytes of events are kept where nothing else is said: 64 MiB. */
  public static final long DEFAULT_BYTES = 64L << 20;

  private static final long BEAT_NANOS = 2_000_000_000L;
  private static final Pattern COLLECTING =
      Pattern.compile("G1|Parallel|PS|Serial|Gen|Z[A-Z]|Shenandoah|CollectFor");
  private static final Object LIFE = new Object();

  @SuppressWarnings("NonFinalStaticField") // guarded by LIFE
  private static boolean running;

  private final Sessions sessions;
  private final Pauses pauses;
  private final @Nullable VmStops safepoints;
  // Guarded by LIFE.
  private boolean open = true;
  private boolean stopped;

  private ExecutionTrace(Sessions sessions, Pauses pauses, @Nullable VmStops safepoints) {
    this.sessions = sessions;
    this.pauses = pauses;
    this.safepoints = safepoints;
  }

  /** Begins to record, up to 64 MiB. */
  public static ExecutionTrace start() {
    return start(DEFAULT_BYTES);
  }

  /**
   * Begins to record.
   *
   * @param mostBytes how many bytes of events are kept, about
   * @throws IllegalStateException when there is one already that is not closed
   * @throws UnsupportedOperationException where goroutines run on the scheduler of the JDK; says
   *     why
   */
  public static ExecutionTrace start(long mostBytes) {
    return start(mostBytes, false);
  }

  /**
   * Begins to record.
   *
   * @param safepoints whether to record as well when the JVM stops all threads for something other
   *     than a collection, which needs its flight recorder: that takes about a second to start, and
   *     then stays ready
   * @throws UnsupportedOperationException also where that does not work
   */
  public static ExecutionTrace start(long mostBytes, boolean safepoints) {
    if (mostBytes < 1) {
      throw new IllegalArgumentException("mostBytes must be positive: " + mostBytes);
    }
    synchronized (LIFE) {
      if (running) {
        throw new IllegalStateException("tracing is already enabled");
      }
      VmStops stops = safepoints ? stops() : null;
      try {
        ExecutionTrace trace =
            new ExecutionTrace(Sessions.open(false, mostBytes, 0), new Pauses(), stops);
        running = true;
        return trace;
      } finally {
        if (!running && stops != null) {
          stops.close();
        }
      }
    }
  }

  private static VmStops stops() {
    try {
      return VmStops.start();
    } catch (ProfileException e) {
      throw new UnsupportedOperationException(e.getMessage(), e);
    }
  }

  /** All times in which the world stood still. */
  private List<Replay.Collection> standstills() throws IOException {
    List<Replay.Collection> all = new ArrayList<>(pauses.list());
    if (safepoints != null) {
      try {
        for (VmStops.Stop stop : safepoints.list()) {
          // Those of the collector are there already, and have more to say.
          if (!COLLECTING.matcher(stop.operation()).lookingAt()) {
            all.add(Replay.Collection.none(stop.operation(), stop.begun(), stop.ended()));
          }
        }
      } catch (ProfileException e) {
        throw new IOException(e.getMessage(), e);
      }
    }
    return all;
  }

  /** Ends the recording. Has no effect the second time. */
  public void stop() {
    synchronized (LIFE) {
      if (open && !stopped) {
        stopped = true;
        sessions.stop();
      }
    }
  }

  /**
   * Writes what was recorded up to now, or until it was stopped.
   *
   * @param out left open
   * @return how many events are missing, which the trace also says
   * @throws IllegalStateException when it is closed
   */
  public long writeTo(OutputStream out, TraceFormat format) throws IOException {
    Objects.requireNonNull(out, "out");
    Objects.requireNonNull(format, "format");
    List<Recording> recordings;
    synchronized (LIFE) {
      if (!open) {
        throw new IllegalStateException("the trace is closed");
      }
      recordings = sessions.snapshot();
    }
    return write(out, format, true, recordings, standstills());
  }

  /** Goes on recording for a time, stops, and writes in Go's format; see the other. */
  public void record(Duration time, OutputStream out) throws IOException, InterruptedException {
    record(time, out, TraceFormat.GO);
  }

  /**
   * Writes what was recorded up to now, or until it was stopped, as JSON that a page can draw at
   * once: schema {@code selvage.timeline/1}, of bounded size, the newest if that is too little.
   *
   * @param out left open
   * @return how many events are missing
   * @throws IllegalStateException when it is closed
   */
  public long writeTimeline(OutputStream out) throws IOException {
    Objects.requireNonNull(out, "out");
    List<Recording> recordings;
    synchronized (LIFE) {
      if (!open) {
        throw new IllegalStateException("the trace is closed");
      }
      recordings = sessions.snapshot();
    }
    Replay replay = new Replay(recordings, standstills());
    replay.tell(new TimelineWriter(out));
    return replay.lost();
  }

  /**
   * Goes on recording for a time, stops, and writes. Every two seconds something is written, and
   * flushed, that means nothing, so that it is noticed when nobody reads any more.
   *
   * @param out left open
   * @throws IOException what the stream throws: the recording has not been stopped then, perhaps
   */
  public void record(Duration time, OutputStream out, TraceFormat format)
      throws IOException, InterruptedException {
    Objects.requireNonNull(out, "out");
    boolean go = format == TraceFormat.GO;
    long end = System.nanoTime() + time.toNanos();
    if (go) {
      GoWriter.begin(out);
    }
    out.flush();
    for (long left; (left = end - System.nanoTime()) > 0; ) {
      Thread.sleep(Duration.ofNanos(Math.min(left, BEAT_NANOS)));
      if (go) {
        GoWriter.beat(out);
      } else {
        out.write('\n'); // white space, before the first brace
      }
      out.flush();
    }
    stop();
    List<Recording> recordings;
    synchronized (LIFE) {
      recordings = sessions.snapshot();
    }
    write(out, format, false, recordings, standstills());
  }

  /** Writes all, or in Go's format what comes after the beginning. */
  static long write(
      OutputStream out,
      TraceFormat format,
      boolean begin,
      List<Recording> recordings,
      List<Replay.Collection> pauses)
      throws IOException {
    Replay replay = new Replay(recordings, pauses);
    BufferedOutputStream buffered = new BufferedOutputStream(out, 1 << 16);
    switch (format) {
      case GO -> {
        if (begin) {
          GoWriter.begin(buffered);
        }
        replay.tell(new GoWriter(buffered));
      }
      case PERFETTO -> replay.tell(new PerfettoWriter(buffered));
    }
    buffered.flush();
    return replay.lost();
  }

  /** Ends the recording, and forgets it. Has no effect the second time. */
  @Override
  public void close() {
    synchronized (LIFE) {
      if (open) {
        open = false;
        running = false;
        sessions.close();
        pauses.close();
        if (safepoints != null) {
          safepoints.close();
        }
      }
    }
  }
}
