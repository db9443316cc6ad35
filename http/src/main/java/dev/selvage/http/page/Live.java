package dev.selvage.http.page;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Samples for all who look, and hands each of them the frames of a stream of server-sent events.
 * Nothing runs while nobody looks. Thread-safe.
 */
public final class Live {
  /*
   * Invariants, under the lock of this:
   *  - There is a sampling thread if and only if there are viewers, but for the moment in which it
   *    notices that there are none any more and ends.
   *  - A viewer has at most MOST_WAITING frames that it has not taken. The oldest sample goes when
   *    there would be more, and is counted: who is slow sees less, and holds up nobody.
   *  - A sample is made outside the lock, so that viewers come and go meanwhile.
   */

  /** More do not get a stream: each keeps a thread of the server. */
  public static final int MOST_VIEWERS = 8;

  static final int MOST_WAITING = 4;

  /** How many samples one who comes later is given: five minutes of them at the usual pace. */
  static final int HISTORY = 300;

  private static final String SAMPLE = "sample";

  private static final long INTERVAL_NANOS = 1_000_000_000L;

  /** Sampling takes at most this part of the time, by being done less often. */
  private static final int SHARE = 25;

  /** What there is to see. */
  public interface Source {
    /** What stays the same, as JSON without line breaks: sent first. */
    String hello();

    /** What is so now, as JSON without line breaks. */
    String sample();

    /**
     * Processor time that the last sample took, in nanoseconds. Not how long it took: it may have
     * waited for a look to end, or for a busy machine.
     */
    long costNanos();

    /**
     * What is known of findings, as JSON without line breaks, or the same object as last time where
     * nothing is new.
     */
    String findings();
  }

  private final Supplier<Source> sources;
  private final ThreadFactory threads;
  private final long intervalNanos;

  // guarded by this
  private final List<Viewer> viewers = new ArrayList<>();
  private final Deque<String> history = new ArrayDeque<>();
  private @Nullable Source source;
  private @Nullable String findings;
  private @Nullable Thread sampler;

  /**
   * A stream that nobody looks at yet.
   *
   * @param source asked for once, when the first one looks
   */
  public Live(Supplier<Source> source, ThreadFactory threads) {
    this(source, threads, INTERVAL_NANOS);
  }

  Live(Supplier<Source> source, ThreadFactory threads, long intervalNanos) {
    this.sources = source;
    this.threads = threads;
    this.intervalNanos = intervalNanos;
  }

  /** A new viewer, which must be closed; null where there are {@link #MOST_VIEWERS} already. */
  public @Nullable Viewer open() {
    synchronized (this) {
      if (viewers.size() == MOST_VIEWERS) {
        return null;
      }
      Source from = source;
      if (from == null) {
        from = sources.get();
        source = from;
      }
      Viewer viewer = new Viewer();
      viewer.first = frame("hello", from.hello());
      viewer.second = frame("history", "[" + String.join(",", history) + "]");
      if (findings != null) {
        viewer.offer(new Frame("findings", findings));
      }
      viewers.add(viewer);
      if (sampler == null) {
        Source sampled = from;
        Thread thread = threads.newThread(() -> run(sampled));
        sampler = thread;
        try {
          thread.start();
        } catch (Throwable e) {
          sampler = null;
          viewers.remove(viewer);
          throw e;
        }
      }
      return viewer;
    }
  }

  /** How many look. */
  synchronized int viewers() {
    return viewers.size();
  }

  /** Whether a thread samples. */
  synchronized boolean isSampling() {
    return sampler != null;
  }

  private void run(Source from) {
    boolean ended = false;
    try {
      while (!ended) {
        String sample = from.sample();
        String found = from.findings();
        ended = publish(sample, found) || rest(Math.max(intervalNanos, from.costNanos() * SHARE));
      }
    } finally {
      if (!ended) { // It threw: who looks is told by the end of the stream, and may come again.
        synchronized (this) {
          sampler = null;
          viewers.forEach(Viewer::end);
          viewers.clear();
        }
      }
    }
  }

  /** True if nobody looks any more, and so this thread is no sampler any more. */
  private synchronized boolean publish(String sample, String found) {
    if (history.size() == HISTORY) {
      history.remove();
    }
    history.add(sample);
    boolean news = !found.equals(findings);
    findings = found;
    for (Viewer viewer : viewers) {
      viewer.offer(new Frame(SAMPLE, sample));
      if (news) {
        viewer.offer(new Frame("findings", found));
      }
    }
    return isOver();
  }

  /** The same, after a while. */
  private synchronized boolean rest(long nanos) {
    long end = System.nanoTime() + nanos;
    try {
      for (long left; !viewers.isEmpty() && (left = end - System.nanoTime()) > 0; ) {
        TimeUnit.NANOSECONDS.timedWait(this, left);
      }
    } catch (InterruptedException _) {
      // Nobody has a reason to; it samples on, perhaps a little early.
    }
    return isOver();
  }

  private boolean isOver() {
    if (viewers.isEmpty()) {
      sampler = null;
      return true;
    }
    return false;
  }

  private record Frame(String event, String json) {}

  private static byte[] frame(String event, String json) {
    return ("event: " + event + "\ndata: " + json + "\n\n").getBytes(StandardCharsets.UTF_8);
  }

  /** One who looks. One thread at a time takes; any may close. */
  public final class Viewer implements AutoCloseable {
    private byte @Nullable [] first;
    private byte @Nullable [] second;
    private final Deque<Frame> waiting = new ArrayDeque<>(); // guarded by Live.this
    private long dropped; // likewise
    private long told; // likewise
    private boolean closed; // likewise

    private Viewer() {}

    private void offer(Frame frame) {
      if (waiting.size() == MOST_WAITING) {
        // A sample, if there is one: another follows. Findings are sent once only.
        dropOne();
        dropped++;
      }
      waiting.add(frame);
      Live.this.notifyAll();
    }

    private void dropOne() {
      for (Iterator<Frame> each = waiting.iterator(); each.hasNext(); ) {
        if (each.next().event.equals(SAMPLE)) {
          each.remove();
          return;
        }
      }
      waiting.remove();
    }

    private void end() {
      closed = true;
      Live.this.notifyAll();
    }

    /**
     * The next bytes of the stream; blocks until there are some. Null at its end. Where frames were
     * dropped, an event {@code dropped} says how many, before the next one.
     *
     * @throws InterruptedException if the thread is interrupted meanwhile
     */
    public byte @Nullable [] take() throws InterruptedException {
      synchronized (Live.this) {
        byte[] next = first;
        if (next != null) {
          first = second;
          second = null;
          return next;
        }
        while (waiting.isEmpty() && !closed) {
          Live.this.wait();
        }
        if (closed) {
          return null;
        }
        if (dropped > told) {
          told = dropped;
          return frame("dropped", Long.toString(dropped));
        }
        Frame frame = waiting.remove();
        return frame(frame.event, frame.json);
      }
    }

    /** Ends it; has no effect the second time. */
    @Override
    public void close() {
      synchronized (Live.this) {
        closed = true;
        viewers.remove(this);
        Live.this.notifyAll();
      }
    }
  }
}
