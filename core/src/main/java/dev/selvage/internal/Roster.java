package dev.selvage.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The virtual threads that tools can find by themselves, all held weakly: every goroutine that has
 * waited at least once or has asked who it is, and every other virtual thread while it waits in a
 * wait of ours. A goroutine that neither waits nor asks never enters, so that starting one costs
 * nothing here. Thread-safe; nothing here blocks.
 */
public final class Roster {
  /*
   * Invariants
   *  1. An entry refers to its thread only weakly, and the roster to nothing but entries.
   *  2. An entry is in the list of its stripe, guarded by the stripe's lock, from its making until
   *     it is removed: by its thread, or, when that was collected, by whoever enters next.
   *  3. Member.entry is set once, by whoever comes first.
   *
   * Nothing is taken under a stripe's lock, and it is taken under nothing.
   */
  private static final int STRIPES = 64;
  private static final Stripe[] TABLE = new Stripe[STRIPES];
  private static final ReferenceQueue<Thread> COLLECTED = new ReferenceQueue<>();

  static {
    for (int i = 0; i < STRIPES; i++) {
      TABLE[i] = new Stripe();
    }
  }

  private Roster() {}

  /**
   * What hangs at the thread of a goroutine, as its handler of uncaught exceptions: the one thing
   * that can be put at any thread, and read from any thread, through public methods of the JDK and
   * without memory of its own.
   */
  public abstract static class Member implements Thread.UncaughtExceptionHandler {
    private static final VarHandle ENTRY;

    static {
      try {
        ENTRY = MethodHandles.lookup().findVarHandle(Member.class, "entry", Entry.class);
      } catch (ReflectiveOperationException e) {
        throw new ExceptionInInitializerError(e);
      }
    }

    private volatile @Nullable Entry entry;

    // By whoever ran it; under a scheduler of our own only.
    private boolean listed;

    // The mark of the group that waits for it, for tools. Its own thread writes; it leads nowhere.
    private @Nullable Object countedBy;

    /** What it has used, if anybody ever wanted to know. Written by who starts or runs it. */
    public @Nullable Account account;

    /** For goroutines. */
    protected Member() {}

    /** The entry of the thread whose member this is; made when first asked for. */
    public final Entry enter(Thread thread) {
      Entry e = entry;
      if (e == null) {
        e = add(thread);
        if (!ENTRY.compareAndSet(this, null, e)) {
          e.remove();
          e = Objects.requireNonNull(entry);
        }
        if (!thread.isAlive()) {
          e.remove(); // it may have left before this
        }
      }
      return e;
    }

    /** Whether the scheduler has listed it, after it blocked for the first time. */
    public final boolean isListed() {
      return listed;
    }

    /** Says that the scheduler lists it. */
    public final void setListed() {
      listed = true;
    }

    /** To be called by the member's own thread at its end. */
    protected final void leave() {
      Entry e = entry;
      if (e != null) {
        e.remove();
      }
    }

    /** The class of what it does; null when it has begun, or if that is not told. */
    public @Nullable Class<?> work() {
      return null;
    }

    /** Why it may be parked for ever, as its own code has said; null if it has not. */
    public @Nullable String parkedForever() {
      return null;
    }

    /** What a tool may know of this goroutine beside its thread. */
    public abstract Description describe();
  }

  /**
   * What a goroutine works for.
   *
   * @param labels its labels
   * @param hasContext whether a context is bound to it
   */
  public record Description(Map<String, String> labels, boolean hasContext) {}

  /** The place of one thread in the roster. */
  public static final class Entry extends WeakReference<Thread> {
    private final int stripe;
    // Guarded by the stripe's lock.
    private boolean in;
    private @Nullable Entry previous;
    private @Nullable Entry next;

    private Entry(Thread thread, int stripe) {
      super(thread, COLLECTED);
      this.stripe = stripe;
    }

    /** Takes the thread out. Has no effect the second time. */
    public void remove() {
      TABLE[stripe].remove(this);
    }
  }

  private static final class Stripe {
    final SpinLock lock = new SpinLock();
    private @Nullable Entry first;

    // Keeps the next stripe out of this one's cache line.
    @SuppressWarnings("unused")
    private long p1, p2, p3, p4, p5, p6, p7;

    void add(Entry entry) {
      lock.lock();
      try {
        Entry f = first;
        entry.next = f;
        if (f != null) {
          f.previous = entry;
        }
        first = entry;
        entry.in = true;
      } finally {
        lock.unlock();
      }
    }

    void remove(Entry entry) {
      lock.lock();
      try {
        if (!entry.in) {
          return;
        }
        entry.in = false;
        Entry p = entry.previous;
        Entry n = entry.next;
        if (p == null) {
          first = n;
        } else {
          p.next = n;
        }
        if (n != null) {
          n.previous = p;
        }
        entry.previous = null;
        entry.next = null;
      } finally {
        lock.unlock();
      }
    }

    void collect(List<Thread> into) {
      lock.lock();
      try {
        for (Entry e = first; e != null; e = e.next) {
          Thread thread = e.get();
          if (thread != null) {
            into.add(thread);
          }
        }
      } finally {
        lock.unlock();
      }
    }
  }

  /** The member that a thread is, if it is a goroutine that has not ended. */
  public static @Nullable Member member(Thread thread) {
    return thread.getUncaughtExceptionHandler() instanceof Member member ? member : null;
  }

  /**
   * Says what group counts the current goroutine, and is not past until it has ended.
   *
   * @param mark an object that refers to nothing; null when it is counted no more
   */
  public static void setCountedBy(@Nullable Object mark) {
    Member member = member(Thread.currentThread());
    if (member != null) {
      member.countedBy = mark;
    }
  }

  /** The mark of the group that counts a goroutine; null if none does. */
  public static @Nullable Object countedBy(Thread thread) {
    Member member = member(thread);
    return member == null ? null : member.countedBy;
  }

  /**
   * Enters the current thread, which is about to wait. Platform threads are not entered: the JDK
   * lists them.
   *
   * @return what the thread removes after the wait; null if it stays, or was not entered
   */
  static @Nullable Entry enter() {
    Thread thread = Thread.currentThread();
    if (!thread.isVirtual()) {
      return null;
    }
    try {
      Member member = member(thread);
      if (member == null) {
        return add(thread);
      }
      member.enter(thread);
    } catch (OutOfMemoryError e) {
      // Its waiter is queued already, so the wait must go on. It is not listed then.
    }
    return null;
  }

  /** Enters a thread. */
  private static Entry add(Thread thread) {
    purge();
    int stripe = (int) thread.threadId() & (STRIPES - 1);
    Entry entry = new Entry(thread, stripe);
    TABLE[stripe].add(entry);
    return entry;
  }

  /**
   * The threads that are in the roster now. A part of them at a time is held by the stream, and no
   * longer than it takes to go through that part.
   */
  public static Stream<Thread> threads() {
    purge();
    return Arrays.stream(TABLE)
        .flatMap(
            stripe -> {
              List<Thread> threads = new ArrayList<>();
              stripe.collect(threads);
              return threads.stream();
            });
  }

  private static void purge() {
    for (Reference<? extends Thread> r; (r = COLLECTED.poll()) != null; ) {
      ((Entry) r).remove();
    }
  }
}
