package dev.selvage.internal.trace;

import dev.selvage.internal.Carrier;
import dev.selvage.internal.Roster;
import dev.selvage.internal.SpinLock;
import dev.selvage.internal.Tracing;
import dev.selvage.internal.gmp.Runner;
import dev.selvage.internal.gmp.Runners;
import dev.selvage.internal.jdk.VirtualThreads;
import dev.selvage.observe.SchedulerObserver;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what happens, in a buffer for each thread, for as long as somebody needs it: all of it
 * since a trace began, up to a number of bytes, or the last seconds of it.
 */
final class Recorder extends Tracing implements SchedulerObserver {
  /*
   * Invariants
   *  1. A buffer is written by one platform thread, by its own code or by the virtual thread that
   *     it carries: between finding the buffer and the end of the event nothing parks, so a virtual
   *     thread cannot be moved meanwhile.
   *  2. What is below a chunk's end is never written again. So readers take no lock to read it.
   *  3. Every chunk that is kept is in open, while it is written to, or in closed, in the order in
   *     which they were closed. They are dropped in that order, not in that of their beginning: one
   *     that a thread with little to say began long ago may have the last events. Those that are
   *     open are never dropped: their number is that of the threads.
   *  4. The bytes of a chunk that is dropped are written to again, for another one: by its own thread
   *     as by any other, and not while somebody copies what is kept. So a recorder that has as many
   *     bytes as it may allocates nothing: else each collection of the young generation would move
   *     all that is kept.
   *  5. droppedUntil is not earlier than any event that was dropped: from there on nothing is
   *     missing but what lost counts.
   *
   * LIFE guards who records; lock guards open, closed, sessions and what they have. Under lock nothing
   * else is taken. LIFE is taken first, and never by a thread that records.
   */
  private static final VirtualThreads JDK = VirtualThreads.ofThisJvm();
  private static final Object LIFE = new Object();
  private static final int MOST_STRINGS = 1 << 16;
  private static final int MOST_STACKS = 1 << 14;
  private static final int MOST_MESSAGE = 1024;

  /** More are not kept for nobody. */
  private static final int MOST_FREE = 64;

  @SuppressWarnings("NonFinalStaticField") // guarded by LIFE
  private static @Nullable Recorder active;

  private final long origin = System.nanoTime();
  final Table<String> strings = new Table<>(MOST_STRINGS);
  final Table<List<StackTraceElement>> stacks = new Table<>(MOST_STACKS);
  private final Map<Thread, Buffer> others = new ConcurrentHashMap<>();

  private final SpinLock lock = new SpinLock();
  // Guarded by lock.
  private final Set<Chunk> open = new LinkedHashSet<>();
  private final ArrayDeque<Chunk> closed = new ArrayDeque<>();
  private final List<Buffer> buffers = new ArrayList<>();
  private final List<Session> sessions = new ArrayList<>();
  private final ArrayDeque<byte[]> free = new ArrayDeque<>(MOST_FREE);
  private int readers;
  private long bytes;
  private long droppedUntil;

  private Recorder() {}

  // --------------- Who records ---------------

  /** Begins one. */
  static Session open(boolean ring, long mostBytes, long keepNanos) {
    synchronized (LIFE) {
      Recorder recorder = active;
      boolean first = recorder == null;
      if (recorder == null) {
        recorder = new Recorder();
        active = recorder;
      }
      Session session = new Session(recorder, ring, mostBytes, keepNanos, recorder.now());
      recorder.lock.lock();
      try {
        recorder.sessions.add(session);
      } finally {
        recorder.lock.unlock();
      }
      if (first) {
        set(recorder);
        Runner.observe(recorder);
      }
      return session;
    }
  }

  private boolean isNeeded() {
    lock.lock();
    try {
      return sessions.stream().anyMatch(Session::isLive);
    } finally {
      lock.unlock();
    }
  }

  /** One of them has stopped: nothing is recorded for nobody. */
  void stopped() {
    synchronized (LIFE) {
      if (active == this && !isNeeded()) {
        Runner.ignore(this);
        set(null);
        active = null;
        others.clear();
      }
    }
  }

  /** Ends one. Nothing that it needs is kept for it any more. */
  void close(Session session) {
    synchronized (LIFE) {
      lock.lock();
      try {
        sessions.remove(session);
        if (sessions.isEmpty()) {
          // An M has its buffer, and so this, until it has another.
          open.clear();
          closed.clear();
          buffers.clear();
          free.clear();
        }
      } finally {
        lock.unlock();
      }
      stopped();
    }
  }

  long now() {
    return System.nanoTime() - origin;
  }

  long origin() {
    return origin;
  }

  // --------------- Buffers ---------------

  /** The buffer of the platform thread that this code runs on; null where there can be none. */
  private @Nullable Buffer buffer() {
    try {
      for (; ; ) {
        Thread carrier = JDK.currentCarrier();
        if (carrier instanceof Carrier ours) {
          return ours.events instanceof Buffer b && b.recorder == this ? b : begin(ours);
        }
        Buffer b = others.get(carrier);
        if (b == null) {
          b = new Buffer(this, carrier, false);
          lock.lock();
          try {
            buffers.removeIf(this::isOver);
            buffers.add(b);
          } finally {
            lock.unlock();
          }
          // The only place that could park, as a map's bin may be held; so it is looked at again.
          others.keySet().removeIf(thread -> !thread.isAlive());
          others.put(carrier, b);
        }
        if (JDK.currentCarrier() == carrier) {
          return b;
        }
      }
    } catch (OutOfMemoryError e) {
      return null;
    }
  }

  private Buffer begin(Carrier ours) {
    Buffer b = new Buffer(this, ours, true);
    lock.lock();
    try {
      buffers.removeIf(this::isOver);
      buffers.add(b);
    } finally {
      lock.unlock();
    }
    ours.events = b;
    Thread current = Thread.currentThread();
    int p = ours.processor();
    if (current != ours && p >= 0) {
      running(b, current, ours.scheduler, p, now()); // it does since before this began
    }
    return b;
  }

  /** Under the lock: forgets a thread that has ended, whose events may now be dropped in time. */
  private boolean isOver(Buffer b) {
    if (b.owner.isAlive() || b.lost.get() > 0) {
      return false;
    }
    Chunk c = b.current();
    if (c != null) {
      close(c, now());
    }
    return true;
  }

  private void close(Chunk c, long now) {
    if (open.remove(c)) {
      c.closedAt = now;
      closed.addLast(c);
    }
  }

  /** Another chunk for a buffer; null if nobody needs more events. */
  @Nullable Chunk chunk(Buffer b, @Nullable Chunk full, int size, long now) {
    Chunk fresh;
    try {
      byte[] data = size == Buffer.SIZE ? reused() : null;
      fresh = new Chunk(b, data == null ? new byte[size] : data, now);
    } catch (OutOfMemoryError e) {
      return null;
    }
    lock.lock();
    try {
      boolean needed = false;
      for (Session s : sessions) {
        needed |= s.take(size, now);
      }
      if (!needed) {
        return null;
      }
      open.add(fresh); // first, as it may fail: a chunk that its thread still writes to stays open
      if (full != null) {
        close(full, now);
      }
      bytes += size;
      drop(now);
    } catch (OutOfMemoryError e) {
      return null;
    } finally {
      lock.unlock();
    }
    return fresh;
  }

  /** What a chunk had that was dropped; null if there is none. */
  private byte @Nullable [] reused() {
    lock.lock();
    try {
      return free.pollFirst();
    } finally {
      lock.unlock();
    }
  }

  private void drop(long now) {
    long neededSince = Long.MAX_VALUE;
    long ringSince = Long.MAX_VALUE;
    long most = 0;
    for (Session s : sessions) {
      if (s.ring) {
        // There may be two: a program's own, and the agent's.
        ringSince = Math.min(ringSince, now - s.keepNanos);
        most = Math.max(most, s.mostBytes);
      } else {
        neededSince = Math.min(neededSince, s.begun);
      }
    }
    for (Chunk c; (c = closed.peekFirst()) != null; ) {
      boolean mayGo = bytes > most || c.closedAt < ringSince;
      if (!mayGo || c.closedAt >= neededSince) {
        return; // those behind it were closed later
      }
      closed.removeFirst();
      bytes -= c.data.length;
      droppedUntil = c.closedAt;
      if (readers == 0 && c.data.length == Buffer.SIZE && free.size() < MOST_FREE) {
        free.addLast(c.data);
      }
    }
  }

  // --------------- What happened ---------------

  @Override
  public void created(Thread goroutine, Thread by) {
    Buffer b = buffer();
    if (b == null) {
      return;
    }
    Roster.Member member = Roster.member(goroutine);
    Class<?> work = member == null ? null : member.work();
    int type = work == null ? 0 : b.number(work.getName()); // which the class keeps
    String name = goroutine.getName();
    int named = name.isEmpty() ? 0 : strings.number(name);
    long now = now();
    int stack = b.stack(now);
    if (b.begin(Event.CREATED, now)) {
      b.number(goroutine.threadId());
      b.number(type);
      b.number(named);
      b.number(by.threadId());
      b.number(stack);
      b.end();
    }
  }

  @Override
  public void runnable(Thread goroutine, Thread by) {
    Buffer b = buffer();
    if (b == null) {
      return;
    }
    int name = !b.machine && by.isVirtual() ? b.number(by.getName()) : 0;
    long now = now();
    int stack = by == b.owner && b.machine ? 0 : b.stack(now);
    if (b.begin(Event.RUNNABLE, now)) {
      b.number(goroutine.threadId());
      b.number(by.threadId());
      b.number(name);
      b.number(stack);
      b.end();
    }
  }

  @Override
  public void running(Thread goroutine, int p) {
    Buffer b = buffer();
    if (b != null && b.owner instanceof Carrier ours) {
      running(b, goroutine, ours.scheduler, p, b.switchedAt(ours.isStraightOn()));
    }
  }

  private static void running(Buffer b, Thread goroutine, int scheduler, int p, long now) {
    b.forget();
    b.runs(now);
    if (b.begin(Event.RUNNING, now)) {
      b.number(goroutine.threadId());
      b.number(((long) scheduler << 16) | p);
      b.end();
    }
  }

  @Override
  public void blocked(Thread goroutine, int p, @Nullable Object reason) {
    Buffer b = buffer();
    if (b == null) {
      return;
    }
    // What it said itself; the blocker may already be that of a later wait.
    int why = b.reason;
    int stack = b.stack;
    long now = now();
    boolean walked = false;
    if (why == 0) {
      Thread.State state = goroutine.getState();
      why = b.number(Reasons.of(reason, state));
      if (state != Thread.State.RUNNABLE) {
        stack = b.stackOf(goroutine, now);
        walked = stack != 0;
      }
    }
    b.ran(now);
    if (b.begin(Event.STOPPED, now)) {
      b.number(goroutine.threadId());
      b.number(why);
      b.number(stack);
      b.end();
      if (!walked) {
        b.left();
      }
    }
    b.forget();
  }

  @Override
  public void takenAway(Thread goroutine, Thread carrier, int p, String why) {
    Buffer b = buffer();
    if (b == null) {
      return;
    }
    int reason = strings.number(why);
    if (b.begin(Event.TAKEN_AWAY, now())) {
      b.number(carrier.threadId());
      b.number(goroutine.threadId());
      b.number(reason);
      b.end();
    }
  }

  @Override
  public void ended(Thread goroutine, int p) {
    Buffer b = buffer();
    if (b == null) {
      return;
    }
    long now = now();
    b.ran(now);
    if (b.begin(Event.ENDED, now)) {
      b.number(goroutine.threadId());
      b.end();
      b.left();
    }
  }

  @Override
  public void parking(Object reason) {
    if (JDK.currentCarrier() instanceof Carrier && Thread.currentThread().isVirtual()) {
      Buffer b = buffer();
      if (b != null) {
        b.stack = b.stack();
        b.reason = b.number(reason);
      }
    }
  }

  @Override
  public void parked() {
    if (JDK.currentCarrier() instanceof Carrier ours
        && ours.events instanceof Buffer b
        && b.recorder == this) {
      b.forget();
    }
  }

  @Override
  public void beginTask(long task, long parent, String type) {
    Buffer b = buffer();
    if (b == null) {
      return;
    }
    long now = now();
    int stack = b.stack(now);
    if (b.begin(Event.TASK_BEGIN, now)) {
      b.number(Thread.currentThread().threadId());
      b.number(task);
      b.number(parent);
      b.number(strings.number(type));
      b.number(stack);
      b.end();
    }
  }

  @Override
  public void endTask(long task) {
    Buffer b = buffer();
    if (b == null) {
      return;
    }
    long now = now();
    int stack = b.stack(now);
    if (b.begin(Event.TASK_END, now)) {
      b.number(Thread.currentThread().threadId());
      b.number(task);
      b.number(stack);
      b.end();
    }
  }

  @Override
  public void beginRegion(long task, String type) {
    region(Event.REGION_BEGIN, task, type);
  }

  @Override
  public void endRegion(long task, String type) {
    region(Event.REGION_END, task, type);
  }

  private void region(int kind, long task, String type) {
    Buffer b = buffer();
    if (b == null) {
      return;
    }
    int number = strings.number(type);
    long now = now();
    int stack = b.stack(now);
    if (b.begin(kind, now)) {
      b.number(Thread.currentThread().threadId());
      b.number(task);
      b.number(number);
      b.number(stack);
      b.end();
    }
  }

  @Override
  public void log(long task, String category, String message) {
    byte[] utf8 = message.getBytes(StandardCharsets.UTF_8);
    Buffer b = buffer();
    if (b == null) {
      return;
    }
    int number = strings.number(category);
    long now = now();
    int stack = b.stack(now);
    int length = cut(utf8);
    if (b.begin(Event.LOG, now, length)) {
      b.number(Thread.currentThread().threadId());
      b.number(task);
      b.number(number);
      b.number(stack);
      b.bytes(utf8, length);
      b.end();
    }
  }

  /** How many bytes of a message are kept: what Go's reader takes, and no half a character. */
  private static int cut(byte[] utf8) {
    if (utf8.length <= MOST_MESSAGE) {
      return utf8.length;
    }
    int end = MOST_MESSAGE;
    while (end > 0 && (utf8[end] & 0xC0) == 0x80) {
      end--;
    }
    return end;
  }

  // --------------- What was kept ---------------

  /** What is kept for a session, in types of the JDK: see {@code Probe.trace}. */
  Map<String, Object> snapshot(Session session) {
    List<Chunk> kept = new ArrayList<>();
    List<Integer> ends = new ArrayList<>();
    long from;
    long to = session.endedAt();
    long lost = 0;
    lock.lock();
    try {
      from = Math.max(session.begun, droppedUntil);
      List<Chunk> all = new ArrayList<>(closed);
      all.addAll(open); // behind: each thread's chunks in their order
      for (Chunk c : all) {
        if (c.closedAt >= from && c.base <= to) {
          kept.add(c);
          ends.add(c.end());
        }
      }
      for (Buffer b : buffers) {
        lost += b.lost.get();
      }
      readers++;
    } finally {
      lock.unlock();
    }
    Map<Buffer, Pieces> threads = new LinkedHashMap<>();
    try {
      for (int i = 0; i < kept.size(); i++) {
        Chunk c = kept.get(i);
        Pieces pieces = threads.computeIfAbsent(c.of, _ -> new Pieces());
        pieces.chunks.add(Arrays.copyOf(c.data, ends.get(i)));
        pieces.bases.add(c.base);
      }
    } finally {
      lock.lock();
      readers--;
      lock.unlock();
    }
    List<Map<String, Object>> told = new ArrayList<>();
    threads.forEach(
        (b, pieces) ->
            told.add(
                Map.of(
                    "id",
                    b.id,
                    "name",
                    b.name,
                    "machine",
                    b.machine,
                    "chunks",
                    pieces.chunks,
                    "bases",
                    pieces.bases)));
    Map<String, Object> map = new HashMap<>();
    map.put("version", 1);
    map.put("origin", origin);
    map.put("from", from);
    map.put("to", to);
    Runner runner = Runners.ofThisJvm();
    map.put("procs", runner == null ? 0 : runner.procs());
    map.put("lost", lost - session.lostBefore);
    map.put("full", session.isFull());
    map.put("threads", told);
    map.put("strings", strings.all());
    map.put("stacks", stacks.all());
    return map;
  }

  private static final class Pieces {
    final List<byte[]> chunks = new ArrayList<>();
    final List<Long> bases = new ArrayList<>();
  }

  /** How many events found no room so far. */
  long lost() {
    long lost = 0;
    lock.lock();
    try {
      for (Buffer b : buffers) {
        lost += b.lost.get();
      }
    } finally {
      lock.unlock();
    }
    return lost;
  }
}
