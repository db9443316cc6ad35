package dev.selvage.verification.memory;

import dev.selvage.internal.Waiter;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import java.lang.reflect.Method;
import java.util.concurrent.locks.LockSupport;

/**
 * The wait of a virtual thread that is given a permit besides, by somebody who has nothing to do
 * with the wait. The thread is never started: what it would do when it parks is done for it, so
 * that nobody blocks.
 */
final class Permit {
  /*
   * That the mistake is seen takes three things, which come together in few samples by themselves.
   *  1. Who wakes finds the permit there. So it is given right before.
   *  2. Who waits takes it right after. So it waits for the claim, which it sees at about the time
   *     when who wakes goes on to unpark.
   *  3. The write is still under way then. So there are others before it, to memory that is far.
   */
  private static final int WAITING = 0;
  private static final int DONE = 2;
  private static final MethodHandle TAKE;
  private static final VarHandle STATE;
  private static final VarHandle THREAD;

  /** Memory that no cache near a processor has room for. */
  private static final int[] FAR = new int[1 << 23];

  private static final int LINE = 16; // in ints
  private static final int WRITES = 8;

  static {
    try {
      Method take =
          Class.forName("java.lang.VirtualThread")
              .getDeclaredMethod("getAndSetParkPermit", boolean.class);
      take.setAccessible(true); // opened by the command line of the tests
      TAKE =
          MethodHandles.lookup()
              .unreflect(take)
              .asType(MethodType.methodType(boolean.class, Thread.class, boolean.class));
      MethodHandles.Lookup waiters =
          MethodHandles.privateLookupIn(Waiter.class, MethodHandles.lookup());
      STATE = waiters.findVarHandle(Waiter.class, "state", int.class);
      THREAD = waiters.findVarHandle(Waiter.class, "thread", Thread.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Thread thread = Thread.ofVirtual().unstarted(() -> {});
  private final Waiter waiter = new Waiter("a test");
  private volatile boolean waits;

  Permit() {
    THREAD.set(waiter, thread);
  }

  // --------------- Who wakes ---------------

  /** As everybody does who wakes. */
  void finish() {
    claim();
    waiter.finish(this);
  }

  /** The mistake: nothing keeps the look at the permit behind the write. */
  void finishByReleaseWrite() {
    claim();
    STATE.setRelease(waiter, DONE);
    LockSupport.unpark(thread);
  }

  private void claim() {
    for (int looks = 0; !waits; looks++) {
      giveWay(looks);
    }
    LockSupport.unpark(thread);
    if (!waiter.claim()) {
      throw new AssertionError("nobody else claims it");
    }
    int place = System.identityHashCode(this);
    for (int i = 0; i < WRITES; i++) {
      place = place * 1_664_525 + 1_013_904_223;
      FAR[(place >>> 9) / LINE * LINE] = place;
    }
  }

  // --------------- Who waits ---------------

  /** Parks, which takes the permit, and looks; returns whether it then goes on. */
  boolean await() {
    waits = true;
    for (int looks = 0; state() == WAITING; looks++) {
      giveWay(looks);
    }
    return !takePermit() || state() == DONE;
  }

  private int state() {
    return (int) STATE.getVolatile(waiter);
  }

  /** What a park does first: with a permit it returns at once. */
  boolean takePermit() {
    try {
      return (boolean) TAKE.invokeExact(thread, false);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** To the other, which may have no processor. */
  @SuppressWarnings("ThreadPriorityCheck") // right without yielding, only slower
  private static void giveWay(int looks) {
    if (looks > 2_000) {
      Thread.yield();
    }
  }
}
