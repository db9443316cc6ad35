package dev.selvage.diagnostics.trace;

import dev.selvage.diagnostics.text.Quoted;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Always has the last seconds of an {@linkplain ExecutionTrace execution trace}, and writes them
 * when something has gone wrong: a slow request, an error. Go's {@code trace.FlightRecorder}. There
 * can be one that runs, beside an execution trace.
 *
 * <p>Thread-safe. Nothing blocks but writing.
 */
public final class FlightRecorder implements AutoCloseable {
  /** Go's. */
  private static final Duration DEFAULT_AGE = Duration.ofSeconds(10);

  /** Go's. */
  private static final long DEFAULT_BYTES = 10L << 20;

  private static final Object LIFE = new Object();

  @SuppressWarnings("NonFinalStaticField") // guarded by LIFE
  private static @Nullable FlightRecorder running;

  /** Why the last one could not start; null if it could. */
  @SuppressWarnings("NonFinalStaticField") // guarded by LIFE
  private static @Nullable String impossible;

  private final long keepNanos;
  private final long mostBytes;
  private final AtomicBoolean writing = new AtomicBoolean();
  private final List<FlightTriggers> triggers = new CopyOnWriteArrayList<>();
  // Guarded by LIFE.
  private @Nullable Instant startedAt;
  private @Nullable Sessions sessions;
  private @Nullable Pauses pauses;

  /** One that has at least the last 10 seconds, in about 10 MiB at most. */
  public FlightRecorder() {
    this(DEFAULT_AGE, DEFAULT_BYTES);
  }

  /**
   * A recorder that does not run yet.
   *
   * @param minAge how old events are, at least, that are dropped
   * @param maxBytes how many bytes of events are kept, about; where that is too little for {@code
   *     minAge}, events are dropped earlier
   * @throws IllegalArgumentException when one of them is not positive
   */
  public FlightRecorder(Duration minAge, long maxBytes) {
    if (minAge.isNegative() || minAge.isZero() || maxBytes < 1) {
      throw new IllegalArgumentException(
          "minAge and maxBytes must be positive: " + minAge + ", " + maxBytes);
    }
    this.keepNanos = nanos(minAge);
    this.mostBytes = maxBytes;
  }

  private static long nanos(Duration time) {
    try {
      return time.toNanos();
    } catch (ArithmeticException _) {
      return Long.MAX_VALUE / 4;
    }
  }

  /**
   * Begins to record.
   *
   * @throws IllegalStateException when this one or another one runs already
   * @throws UnsupportedOperationException where goroutines run on the scheduler of the JDK; says
   *     why
   */
  public void start() {
    synchronized (LIFE) {
      if (running != null) {
        throw new IllegalStateException(
            running == this
                ? "this flight recorder runs already"
                : "another flight recorder runs already");
      }
      try {
        sessions = Sessions.open(true, mostBytes, keepNanos);
        impossible = null;
      } catch (UnsupportedOperationException e) {
        impossible = e.getMessage();
        throw e;
      }
      pauses = new Pauses();
      startedAt = Instant.now();
      running = this;
    }
  }

  /** The one that runs now; null if none does. */
  public static @Nullable FlightRecorder current() {
    synchronized (LIFE) {
      return running;
    }
  }

  /** Whether it runs. */
  public boolean isEnabled() {
    synchronized (LIFE) {
      return running == this;
    }
  }

  void add(FlightTriggers added) {
    triggers.add(added);
  }

  void remove(FlightTriggers removed) {
    triggers.remove(removed);
  }

  /**
   * Says as JSON ({@code selvage.flight/1}) whether one runs, what it keeps, and what is written by
   * itself.
   */
  public static String status() {
    FlightRecorder recorder;
    Instant since;
    String why;
    synchronized (LIFE) {
      recorder = running;
      since = recorder == null ? null : recorder.startedAt;
      why = impossible;
    }
    StringBuilder s = new StringBuilder("{\"schema\":\"selvage.flight/1\",\"running\":");
    s.append(recorder != null);
    if (recorder == null) {
      if (why != null) {
        s.append(",\"why\":");
        Quoted.json(s, why);
      }
      return s.append("}\n").toString();
    }
    s.append(",\"since\":\"").append(since).append('"');
    s.append(",\"keepSeconds\":").append(recorder.keepNanos / 1e9);
    s.append(",\"mostBytes\":").append(recorder.mostBytes);
    s.append(",\"triggers\":[");
    String comma = "";
    for (FlightTriggers one : recorder.triggers) {
      FlightTriggers.Settings settings = one.settings();
      s.append(comma).append("{\"directory\":");
      Quoted.json(s, settings.directory().toString());
      s.append(",\"written\":").append(one.written());
      s.append(",\"ignored\":").append(one.ignored());
      s.append(",\"leastSeconds\":").append(settings.least().toMillis() / 1e3).append('}');
      comma = ",";
    }
    return s.append("]}\n").toString();
  }

  /** Writes in Go's format; see the other. */
  public void writeTo(OutputStream out) throws IOException {
    writeTo(out, TraceFormat.GO);
  }

  /**
   * Writes what it has, and goes on.
   *
   * @param out left open
   * @throws IllegalStateException when it does not run, or is just being written
   */
  public void writeTo(OutputStream out, TraceFormat format) throws IOException {
    Objects.requireNonNull(out, "out");
    Objects.requireNonNull(format, "format");
    write(
        (recordings, collections) ->
            ExecutionTrace.write(out, format, true, recordings, collections));
  }

  /**
   * Writes what it has as JSON that a page can draw at once, and goes on; see {@link
   * ExecutionTrace#writeTimeline}.
   *
   * @param out left open
   * @throws IllegalStateException when it does not run, or is just being written
   */
  public void writeTimeline(OutputStream out) throws IOException {
    Objects.requireNonNull(out, "out");
    write(
        (recordings, collections) ->
            new Replay(recordings, collections).tell(new TimelineWriter(out)));
  }

  private interface Writer {
    void write(List<Recording> recordings, List<Replay.Collection> collections) throws IOException;
  }

  private void write(Writer writer) throws IOException {
    if (!writing.compareAndSet(false, true)) {
      throw new IllegalStateException("the flight recorder is being written already");
    }
    try {
      List<Recording> recordings;
      List<Replay.Collection> collections;
      synchronized (LIFE) {
        if (sessions == null || pauses == null) {
          throw new IllegalStateException("the flight recorder does not run");
        }
        recordings = sessions.snapshot();
        collections = pauses.list();
      }
      writer.write(recordings, collections);
    } finally {
      writing.set(false);
    }
  }

  /** Ends the recording, and forgets it. Has no effect when it does not run. */
  public void stop() {
    synchronized (LIFE) {
      if (running == this && sessions != null && pauses != null) {
        running = null;
        sessions.close();
        pauses.close();
        sessions = null;
        pauses = null;
      }
    }
  }

  /** The same as {@link #stop}. */
  @Override
  public void close() {
    stop();
  }
}
