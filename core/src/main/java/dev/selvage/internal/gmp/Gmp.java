package dev.selvage.internal.gmp;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The word on which all Ms and all who submit meet, alone in its cache line. */
@SuppressWarnings("unused") // padding
abstract class GmpState {
  private long a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, aa, ab, ac, ad, ae;
  volatile long state;
  private long b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, ba, bb, bc, bd, be;
}

/**
 * One scheduler: its Ps, its Ms, its queues, and who is woken when. Knows nothing of threads: see
 * {@link Ground}; so it can be driven step by step.
 *
 * <p>All methods may be called from any thread, where nothing else is said. Nothing blocks, but
 * that changing the number of Ps, or an M that comes or goes, takes a short lock.
 */
final class Gmp extends GmpState {
  /*
   * Go's design (runtime/proc.go), with one change. In Go a P is taken away from an M that is stuck
   * and given to another. That needs an atomic operation whenever a goroutine enters or leaves the
   * scheduler. Here the stuck M keeps its P object for ever, which thereby becomes an orphan, and
   * another P object with the same number takes its place. What is in the orphan's queue can be
   * stolen by the ordinary rules, so an M owns its P's ring without ever asking.
   *
   * Words
   *  - an M is *idle* when it waits with its P for work: every P has an M, running or idle;
   *  - it is *spinning* when it has found no work at hand and looks at the others;
   *  - it is *spare* when it has no P.
   *
   * state = CLOSED | idle << 32 | spinning. A waker reserves one idle P by moving one from idle to
   * spinning in one compare-and-set, and then claims the status of some idle P. An M that is awake
   * by a claim is spinning, and counted already.
   *
   * Invariants
   *  1. idle is never more than the number of Ps whose status is IDLE: an M sets its status before
   *     it counts itself, and who counts one out claims one afterwards. So a claim always succeeds
   *     in the end.
   *  2. spinning counts the Ms with `spinning` set, and reservations that are not claimed yet.
   *
   * No wake-up is lost. Let a task be put into a queue.
   *
   *    who submits                          an M that finds nothing
   *    1 puts the task into a queue         a sets its P idle
   *    2 full fence                         b adds one to idle, takes itself from spinning (atomic)
   *    3 reads state                        c looks at all queues once more
   *      wakes one M, if one is idle          if there is something, takes itself back out of idle
   *      and none is spinning
   *
   * If 3 does not see b of some M, then c comes after 1 and sees the task. If 3 sees that M idle
   * and none spinning, it wakes one. If 3 sees another M spinning, then b of that M is still to
   * come, and c with it; or it finds work before, and then, if it was the last that was spinning, it
   * wakes another one (found()), who looks at all queues. So while there are tasks and idle Ms, at
   * least one M is on its way to look. verification/model has this as a Promela program.
   *
   * Two exceptions are made for speed, and mended by sysmon:
   *  - A task put into an empty runnext, mostly by a goroutine that is about to wait, is run soonest
   *    by the same M. Waking another one for it costs more than it runs for. So it is measured:
   *    whoever was woken for a runnext and came too late doubles the number of times for which that
   *    P will not wake anybody for a runnext (laziness), and who came in time divides it by 8. While
   *    a P is lazy sysmon looks often, and wakes an M for a runnext that stays where it is.
   *  - What a goroutine of an orphan puts into its runnext at that very moment is looked for by
   *    sysmon, too.
   *
   * While the scheduler is held (`hold`) no M begins a task. Each notices between two tasks, and so
   * does one that is idle, which takes itself out of idleness for that and then counts as spinning,
   * as it would after any waker. For all others that is an M whose thread has not had a core for a
   * while: it has its P, and looks at the queues when it goes on. So nothing of the above changes,
   * and nothing that is submitted meanwhile wakes anybody but in the ways above. sysmon takes no P
   * from an M that stands still: `hold` is set under the lock, and handOff looks under it.
   *
   * Fairness: a task in runnext inherits the time slice, so after INHERIT of them in a row, or when
   * sysmon says that a slice is over, the ring comes first; every GLOBAL_TICK-th task comes from the
   * global queue; and whose slice is over, or who gives way, goes to the end of the global queue, if
   * anybody waits there.
   */
  private static final long CLOSED = Long.MIN_VALUE;
  private static final long IDLE_ONE = 1L << 32;
  private static final int GLOBAL_TICK = 61;
  private static final int INHERIT = 1024;
  private static final int PASSES = 4;
  private static final int MOST_LAZY = 1 << 14;

  private static final VarHandle STATE;
  private static final VarHandle HOLD;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      STATE = lookup.findVarHandle(GmpState.class, "state", long.class);
      HOLD = lookup.findVarHandle(Gmp.class, "hold", Hold.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Ground ground;
  final GlobalQueue global = new GlobalQueue();

  /** Every P that may have work: first those in place, by number, then orphans. Copied on write. */
  private volatile Processor[] all = {};

  /** GOMAXPROCS. Changed under the lock. */
  private volatile int procs;

  /** While there is one, no M begins a task. Set under the lock; anybody may end it. */
  private volatile @Nullable Hold hold;

  final ReentrantLock lock = new ReentrantLock();
  // Guarded by lock.
  private final ArrayDeque<Machine> spares = new ArrayDeque<>();
  private int machines;
  private int seeds;
  final Counters retired = new Counters();

  /** How many Ms there may be at most. */
  private final int most;

  Gmp(Ground ground, int most) {
    this.ground = ground;
    this.most = most;
  }

  // --------------- Submitting ---------------

  /**
   * Takes a task from an M's own thread.
   *
   * @param next whether it shall run next, for the rest of the running goroutine's time slice
   */
  void submit(Processor p, Runnable task, boolean next) {
    if (p.requested() != 0 && p.isOrphan()) {
      submit(task);
      return;
    }
    Runnable put = task;
    boolean alone = false;
    if (next) {
      if (!p.hasNext()) {
        if (p.lazy > 0) {
          p.lazy--;
          p.setNextLazily(task);
          return;
        }
        alone = true;
      }
      put = p.swapNext(task); // a full fence, too
    }
    if (put != null) {
      while (!p.offer(put)) {
        Batch half;
        try {
          half = p.overflow(put);
        } catch (OutOfMemoryError e) {
          if (put == task) {
            throw e; // the JDK tries it again
          }
          boolean back = p.stealNext(task);
          p.swapNext(put); // as it was before; only the owner fills it
          if (back) {
            throw e;
          }
          return; // a thief was quicker
        }
        if (half != null) {
          p.overflows++;
          global.add(half);
          break;
        }
      }
      VarHandle.fullFence();
    }
    if (p.requested() != 0 && p.isOrphan()) {
      empty(p); // it has become one meanwhile
    }
    wake(alone ? p : null);
  }

  /**
   * Takes a task that has given way, or whose time slice is over, from an M's own thread: others
   * come first. Go puts it into the global queue, which costs more, and is only of use to those who
   * wait there: from the ring it would be back 61 times before the first of them has had a turn.
   */
  void giveWay(Processor p, Runnable task) {
    if (global.isEmpty()) {
      submit(p, task, false);
    } else {
      submit(task);
    }
  }

  /** Takes a task from any other thread. */
  void submit(Runnable task) {
    submit(Batch.of(task));
  }

  /** Takes tasks from any other thread. */
  void submit(Batch batch) {
    global.add(batch);
    VarHandle.fullFence();
    wake(null);
  }

  /** Wakes an M if one is idle and none is on its way. The caller has made a full fence. */
  private void wake(@Nullable Processor runnextOf) {
    for (long s; ; ) {
      s = state;
      if (s < 0) {
        bequeath();
        return;
      }
      if (s < IDLE_ONE || (int) s != 0) {
        return;
      }
      if (STATE.compareAndSet(this, s, s - IDLE_ONE + 1)) {
        claim(runnextOf);
        return;
      }
    }
  }

  /** Wakes an M that was reserved. */
  private void claim(@Nullable Processor runnextOf) {
    int from = runnextOf == null ? 0 : runnextOf.id + 1;
    for (; ; ) {
      Processor[] ps = all;
      for (int i = 0; i < ps.length; i++) {
        Processor p = ps[(from + i) % ps.length];
        if (p.claim()) {
          Machine m = p.machine;
          m.wokenFor = runnextOf;
          if (runnextOf != null) {
            runnextOf.wakes++;
          }
          ground.unpark(m);
          return;
        }
      }
      Thread.onSpinWait();
    }
  }

  // --------------- Taking: on the M's own thread ---------------

  /**
   * The task to run next.
   *
   * @return null when there is none: then the M, if it still has a P, waits while that is idle, and
   *     says {@link #awake} after; an M without P is spare
   */
  @Nullable Runnable next(Machine m) {
    Processor p = m.processor;
    if (p == null) {
      return null;
    }
    int requested = p.requested();
    if (requested != 0 && !comply(m, p, requested)) {
      return null;
    }
    m.straightOn = true;
    Runnable task = p.takeNext();
    if (task != null) {
      if (++p.inherited < INHERIT) {
        return task;
      }
      p.inherited = 0;
      // Without a wake-up: where nobody waits the two that hand something over stay together.
      if (global.isEmpty() ? !p.offer(task) : !expire(p, task)) {
        return task;
      }
    }
    p.inherited = 0;
    if (++p.tick % GLOBAL_TICK == 0 && !global.isEmpty()) {
      task = fromGlobal(m, p, 1);
      if (task != null) {
        m.straightOn = false;
        return found(m, task); // who was just woken may come here, and is counted as looking
      }
    }
    task = p.poll();
    if (task != null) {
      return task;
    }
    m.straightOn = false;
    return search(m, p);
  }

  /** Does what others want of this M; false when it has no P any more. */
  private boolean comply(Machine m, Processor p, int requested) {
    if ((requested & Processor.ORPHAN) != 0) {
      leave(m, p);
      return false;
    }
    p.clearRequest(Processor.SLICE);
    if (p.inherited > 0) {
      Runnable next = p.takeNext();
      if (next != null && !expire(p, next)) {
        p.swapNext(next); // as it was before; only the owner fills it
      }
    }
    return true;
  }

  /** Puts a task whose time slice is over behind the others; false if it may as well run. */
  private boolean expire(Processor p, Runnable task) {
    try {
      giveWay(p, task);
      return true;
    } catch (OutOfMemoryError e) {
      return false;
    }
  }

  private @Nullable Runnable search(Machine m, Processor p) {
    for (; ; ) {
      p.clear();
      Runnable task = fromGlobal(m, p, share());
      if (task != null) {
        return found(m, task);
      }
      if (!m.spinning) {
        m.spinning = spin();
      }
      if (m.spinning) {
        task = steal(m, p);
        if (task != null) {
          return found(m, task);
        }
        if (m.wokenFor != null) {
          inVain(m.wokenFor);
          m.wokenFor = null;
        }
      }
      p.idle();
      STATE.getAndAdd(this, m.spinning ? IDLE_ONE - 1 : IDLE_ONE);
      m.spinning = false;
      if (!p.isOrphan() && !isWork(p)) {
        return null;
      }
      if (!reserve()) {
        return null; // all that are idle are being woken, this one as well
      }
      ground.rouse();
      if (p.claim()) {
        m.spinning = true;
      } else {
        STATE.getAndAdd(this, IDLE_ONE - 1);
        awake(m);
      }
      if (p.isOrphan()) {
        leave(m, p);
        return null;
      }
    }
  }

  /** To be said by an M whose P is not idle any more. */
  void awake(Machine m) {
    m.spinning = true;
  }

  /**
   * Takes the M's own P out of idleness, since something is asked of it. If that fails it is just
   * being claimed by a waker.
   */
  void rise(Processor p) {
    if (reserve() && !p.claim()) {
      STATE.getAndAdd(this, IDLE_ONE - 1);
    }
  }

  private boolean reserve() {
    for (long s; ; ) {
      s = state;
      if ((s & ~CLOSED) < IDLE_ONE) {
        return false;
      }
      if (STATE.compareAndSet(this, s, s - IDLE_ONE + 1)) {
        return true;
      }
    }
  }

  /** Whether one more may look for work: as long as they are fewer than half of those that run. */
  private boolean spin() {
    for (long s; ; ) {
      s = state;
      if (2 * (int) s >= procs - idle(s)) {
        return false;
      }
      if (STATE.compareAndSet(this, s, s + 1)) {
        return true;
      }
    }
  }

  private Runnable found(Machine m, Runnable task) {
    if (m.spinning) {
      m.spinning = false;
      m.wokenFor = null;
      if ((int) (long) STATE.getAndAdd(this, -1L) == 1) {
        wake(null);
      }
    }
    return task;
  }

  private int share() {
    int size = global.size();
    return size == 0 ? 0 : Math.min(Processor.SIZE / 2, size / Math.max(1, procs) + 1);
  }

  private @Nullable Runnable fromGlobal(Machine m, Processor p, int most) {
    int n = most == 0 ? 0 : global.take(m.bag, most);
    if (n == 0) {
      return null;
    }
    p.globals += n;
    return unpack(m, p, n);
  }

  /** The first task in the bag; the others go into the ring, which has room for them. */
  private Runnable unpack(Machine m, Processor p, int n) {
    @Nullable Runnable[] bag = m.bag;
    for (int i = 1; i < n; i++) {
      Runnable task = bag[i];
      bag[i] = null;
      if (task == null || !p.offer(task)) {
        throw new IllegalStateException("no room in the ring of an M that looks for work");
      }
    }
    Runnable first = bag[0];
    bag[0] = null;
    if (first == null) {
      throw new IllegalStateException("nothing was taken");
    }
    return first;
  }

  private @Nullable Runnable steal(Machine m, Processor p) {
    for (int pass = 1; pass <= PASSES; pass++) {
      Processor[] ps = all;
      int n = ps.length;
      int stride = stride(m, n);
      int at = m.random(n);
      for (int i = 0; i < n; i++) {
        Processor victim = ps[at];
        at = (at + stride) % n;
        if (victim == p) {
          continue;
        }
        int stolen = victim.stealInto(m.bag);
        if (stolen > 0) {
          p.steals++;
          p.stolen += stolen;
          return unpack(m, p, stolen);
        }
        if (pass == PASSES) {
          Runnable next = victim.runnext;
          if (next != null && stealNext(victim, next)) {
            p.steals++;
            p.stolen++;
            return next;
          }
        }
      }
      if (!global.isEmpty()) {
        return fromGlobal(m, p, share());
      }
    }
    return null;
  }

  /** Takes from runnext what its own M does not take within a moment. */
  private boolean stealNext(Processor victim, Runnable next) {
    long runs = victim.runs;
    ground.pause();
    if (victim.runnext != next || victim.runs != runs || !victim.stealNext(next)) {
      return false;
    }
    int laziness = victim.laziness >> 3;
    victim.laziness = laziness;
    victim.lazy = laziness;
    return true;
  }

  private void inVain(Processor waker) {
    waker.futile++;
    int laziness = Math.clamp(waker.laziness * 2L, 1, MOST_LAZY);
    waker.laziness = laziness;
    waker.lazy = laziness;
    ground.watch();
  }

  /** A step that leads through all of n places. */
  private static int stride(Machine m, int n) {
    for (; ; ) {
      int stride = 1 + m.random(n);
      int a = stride;
      int b = n;
      while (b != 0) {
        int rest = a % b;
        a = b;
        b = rest;
      }
      if (a == 1) {
        return stride;
      }
    }
  }

  private boolean isWork(Processor own) {
    if (!global.isEmpty()) {
      return true;
    }
    for (Processor p : all) {
      if (p != own && (p.length() > 0 || (p.runnext != null && p.lazy == 0))) {
        return true;
      }
    }
    return false;
  }

  // --------------- Ps and Ms that come and go ---------------

  /** GOMAXPROCS. */
  int procs() {
    return procs;
  }

  /**
   * Changes the number of Ps.
   *
   * @return false when there could not be threads for all of them: then there are fewer, but never
   *     less than before, or than one unless there was none
   */
  boolean setProcs(int n) {
    lock.lock();
    try {
      int before = procs;
      if (n < before) {
        Processor[] ps = all;
        procs = n;
        for (int i = n; i < before; i++) {
          dismiss(ps[i]);
        }
        return true;
      }
      for (int id = before; id < n; id++) {
        if (state < 0 || !add(id)) {
          return false;
        }
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  private boolean add(int id) {
    Machine m = machine();
    if (m == null) {
      return false;
    }
    Processor p = new Processor(id, m);
    Processor[] ps = all;
    Processor[] more = Arrays.copyOf(ps, ps.length + 1);
    // in its place by number; orphans that may be there move to the end
    System.arraycopy(ps, id, more, id + 1, ps.length - id);
    more[id] = p;
    Hold held = hold;
    if (!employ(m, p)) {
      return false;
    }
    all = more;
    procs = id + 1;
    if (held != null && hold != held) {
      ground.unpark(m); // it may stand still already, and who ended that did not see it
    }
    return true;
  }

  /** A spare M, or a new one; null if there are too many. */
  private @Nullable Machine machine() {
    Machine spare = spares.pollLast();
    if (spare != null) {
      return spare;
    }
    return machines < most ? new Machine(++seeds) : null;
  }

  /** Gives an M its P, and a thread if it has none. */
  private boolean employ(Machine m, Processor p) {
    m.processor = p;
    if (m.started) {
      ground.unpark(m);
      return true;
    }
    m.started = true;
    if (ground.start(m)) {
      machines++;
      return true;
    }
    m.started = false;
    m.processor = null;
    return false;
  }

  private void dismiss(Processor p) {
    p.request(Processor.ORPHAN);
    ground.unpark(p.machine);
  }

  /**
   * Puts another P in the place of one whose M does not come back.
   *
   * @return false when that is not possible now, or no longer necessary
   */
  boolean handOff(Processor stuck, long runs) {
    lock.lock();
    try {
      Processor[] ps = all;
      int id = stuck.id;
      if (id >= procs || ps[id] != stuck || stuck.isIdle() || stuck.runs != runs || state < 0) {
        return false;
      }
      if (hold != null) {
        return false; // it may stand still, and then nothing is stuck
      }
      Machine m = machine();
      if (m == null) {
        return false;
      }
      Processor p = new Processor(id, m);
      Processor[] more = Arrays.copyOf(ps, ps.length + 1);
      more[id] = p;
      more[ps.length] = stuck;
      if (!employ(m, p)) {
        return false;
      }
      all = more;
      p.handOffs = stuck.handOffs + 1;
      stuck.handOffs = 0;
      stuck.request(Processor.ORPHAN);
    } finally {
      lock.unlock();
    }
    empty(stuck);
    wake(null);
    return true;
  }

  /** An M finds that its P is an orphan. */
  private void leave(Machine m, Processor p) {
    empty(p);
    p.clear();
    lock.lock();
    try {
      Processor[] ps = all;
      int at = Arrays.asList(ps).indexOf(p);
      Processor[] fewer = Arrays.copyOf(ps, ps.length - 1);
      System.arraycopy(ps, at + 1, fewer, at, ps.length - at - 1);
      all = fewer;
      retired.add(p);
      m.processor = null;
      if (state >= 0) {
        spares.addLast(m);
      } else {
        machines--;
      }
    } finally {
      lock.unlock();
    }
    boolean spun = m.spinning;
    m.spinning = false;
    if (spun) {
      STATE.getAndAdd(this, -1L);
    }
    VarHandle.fullFence();
    if (!global.isEmpty()) {
      wake(null);
    }
  }

  /** Ends an M that was spare for long; false when it has just been given a P. */
  boolean retire(Machine m) {
    lock.lock();
    try {
      if (state < 0 && m.processor == null) {
        spares.remove(m);
        return true;
      }
      if (spares.remove(m)) {
        machines--;
        return true;
      }
      return false;
    } finally {
      lock.unlock();
    }
  }

  /** Gives what is in an orphan's queue to all, as a thief does. */
  void empty(Processor orphan) {
    @Nullable Runnable[] bag = new Runnable[Processor.SIZE / 2];
    for (int n; (n = orphan.stealInto(bag)) > 0; ) {
      global.add(new Batch(Arrays.copyOf(bag, n)));
    }
    Runnable next = orphan.runnext;
    if (next != null) {
      Batch one = Batch.of(next);
      if (orphan.stealNext(next)) {
        global.add(one);
      }
    }
    VarHandle.fullFence();
    if (state < 0) {
      bequeath();
    }
  }

  /** Runs no task any more: what there is, and what comes, goes to the heir. */
  void close() {
    lock.lock();
    try {
      STATE.getAndBitwiseOr(this, CLOSED);
      for (Processor p : all) {
        dismiss(p);
      }
      for (Machine m : spares) {
        ground.unpark(m);
      }
      procs = 0;
    } finally {
      lock.unlock();
    }
    Hold held = hold;
    if (held != null) {
      release(held);
    }
    for (Processor p : all) {
      empty(p);
    }
    bequeath();
  }

  boolean isClosed() {
    return state < 0;
  }

  private void bequeath() {
    @Nullable Runnable[] one = new Runnable[1];
    while (global.take(one, 1) > 0) {
      Runnable task = one[0];
      if (task != null) {
        hand(task);
      }
    }
  }

  private void hand(Runnable task) {
    for (; ; ) {
      try {
        ground.heir().execute(task);
        return;
      } catch (OutOfMemoryError e) {
        LockSupport.parkNanos(
            10_000_000); // as the JDK does; a thread that is woken must not be lost
      }
    }
  }

  // --------------- Standing still ---------------

  /**
   * Lets no M begin a task from now on. Tasks that run are not touched: their Ms stand still when
   * they have come back.
   *
   * @param until when that ends by itself, by {@link System#nanoTime()}
   * @return null if it is held already, or closed
   */
  @Nullable Hold hold(long until) {
    Hold made = new Hold(until);
    lock.lock();
    try {
      if (state < 0 || hold != null) {
        return null;
      }
      hold = made;
      unparkAll(); // those that are idle stand still as well, by themselves
      return made;
    } finally {
      lock.unlock();
    }
  }

  /** While this is not null no M begins a task. */
  @Nullable Hold hold() {
    return hold;
  }

  /**
   * Lets the Ms go on. Takes no lock: a goroutine may have that, and not get on.
   *
   * @return false if they went on before
   */
  boolean release(Hold held) {
    if (!HOLD.compareAndSet(this, held, (Hold) null)) {
      return false;
    }
    unparkAll();
    return true;
  }

  private void unparkAll() {
    for (Processor p : all) {
      ground.unpark(p.machine);
    }
  }

  /**
   * How many Ms stand still for it, none once it has ended. None of those begins a task before it
   * has.
   */
  int resting(Hold held) {
    int n = 0;
    for (Processor p : all) {
      if (p.machine.rests == held) {
        n++;
      }
    }
    return hold == held ? n : 0;
  }

  // --------------- For sysmon, and to be looked at ---------------

  Processor[] all() {
    return all;
  }

  int idle() {
    return idle(state);
  }

  int spinning() {
    return (int) state;
  }

  /** Whether a task runs or waits to. An M that comes back from its task counts as at work. */
  boolean isAtWork() {
    if (!global.isEmpty() || spinning() != 0) {
      return true;
    }
    for (Processor p : all) {
      if (!p.isIdle() || !p.isEmpty()) {
        return true;
      }
    }
    return false;
  }

  private static int idle(long state) {
    return (int) ((state & ~CLOSED) >>> 32);
  }

  /** Wakes an M for tasks that lie somewhere for too long. */
  void nudge() {
    VarHandle.fullFence();
    wake(null);
  }

  int machines() {
    return machines;
  }

  int spares() {
    lock.lock();
    try {
      return spares.size();
    } finally {
      lock.unlock();
    }
  }

  /** Shows every queued task, in a picture that is of no one moment. */
  void forEachQueued(Consumer<Runnable> visitor) {
    global.forEach(visitor);
    for (Processor p : all) {
      p.forEach(visitor);
    }
  }
}
