package dev.selvage.diagnostics.jdk;

import static java.lang.invoke.MethodType.methodType;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.AbstractOwnableSynchronizer;
import java.util.concurrent.locks.AbstractQueuedLongSynchronizer;
import java.util.concurrent.locks.AbstractQueuedSynchronizer;
import org.jspecify.annotations.Nullable;

/**
 * Who has a lock of the JDK, and who stands in line for it. Any thread may ask; nothing blocks.
 *
 * <p>Needs {@code java.lang}, {@code java.util.concurrent} and {@code java.util.concurrent.locks}
 * open.
 */
public final class LockQueues {
  /*
   * Invariants.
   *  1. Only locks are known whose holder alone can release them: ReentrantLock, and both locks of
   *     ReentrantReadWriteLock. Whoever else extends a synchronizer may let anyone release it.
   *  2. A place in a queue is the node that the queue of a synchronizer makes for one call of
   *     acquire. It is made once in that call, is never used by another, and loses its waiter when
   *     the call returns. So who has the same place at two moments has not left the call between.
   *  3. What a thread wrote before it queued up is seen by who sees it queued up: nodes are linked
   *     by volatile writes and read here by volatile reads.
   */
  private static final Set<String> REENTRANT =
      Set.of(
          "java.util.concurrent.locks.ReentrantLock$FairSync",
          "java.util.concurrent.locks.ReentrantLock$NonfairSync");

  private static final Set<String> READ_WRITE =
      Set.of(
          "java.util.concurrent.locks.ReentrantReadWriteLock$FairSync",
          "java.util.concurrent.locks.ReentrantReadWriteLock$NonfairSync");

  private static final String LATCH = "java.util.concurrent.CountDownLatch$Sync";

  private final MethodHandle owner;
  private final VarHandle firstReader;
  private final Queue queue;
  private final Queue longQueue;
  private final VarHandle termination;
  private final VarHandle latchSync;
  private final VarHandle runner;

  private LockQueues() throws ReflectiveOperationException {
    MethodHandles.Lookup here = MethodHandles.lookup();
    owner = owner();
    queue = Queue.of(AbstractQueuedSynchronizer.class);
    longQueue = Queue.of(AbstractQueuedLongSynchronizer.class);
    Class<?> readWrite = Class.forName("java.util.concurrent.locks.ReentrantReadWriteLock$Sync");
    firstReader =
        MethodHandles.privateLookupIn(readWrite, here)
            .findVarHandle(readWrite, "firstReader", Thread.class);
    Class<?> virtual = Class.forName("java.lang.VirtualThread");
    termination =
        MethodHandles.privateLookupIn(virtual, here)
            .findVarHandle(virtual, "termination", CountDownLatch.class);
    Class<?> sync = Class.forName(LATCH);
    latchSync =
        MethodHandles.privateLookupIn(CountDownLatch.class, here)
            .findVarHandle(CountDownLatch.class, "sync", sync);
    runner =
        MethodHandles.privateLookupIn(FutureTask.class, here)
            .findVarHandle(FutureTask.class, "runner", Thread.class);
  }

  /** How the queue of a synchronizer is read, of which the JDK has two kinds. */
  private record Queue(VarHandle tail, VarHandle previous, VarHandle waiter, Class<?> sharedNode) {
    static Queue of(Class<?> synchronizer) throws ReflectiveOperationException {
      Class<?> node = Class.forName(synchronizer.getName() + "$Node");
      MethodHandles.Lookup lookup =
          MethodHandles.privateLookupIn(synchronizer, MethodHandles.lookup());
      return new Queue(
          lookup.findVarHandle(synchronizer, "tail", node),
          lookup.findVarHandle(node, "prev", node),
          lookup.findVarHandle(node, "waiter", Thread.class),
          Class.forName(synchronizer.getName() + "$SharedNode"));
    }

    @Nullable Object place(Object synchronizer, Thread thread) {
      Object node = (Object) tail.getVolatile(synchronizer);
      while (node != null) {
        if ((Object) waiter.getVolatile(node) == thread) {
          return node;
        }
        node = (Object) previous.getVolatile(node);
      }
      return null;
    }
  }

  /** Reads the thread that owns a synchronizer; null where it has none. */
  static MethodHandle owner() throws ReflectiveOperationException {
    return MethodHandles.privateLookupIn(AbstractOwnableSynchronizer.class, MethodHandles.lookup())
        .findVirtual(
            AbstractOwnableSynchronizer.class, "getExclusiveOwnerThread", methodType(Thread.class));
  }

  /** Null where a package is not open, or this JDK is not as known. */
  public static @Nullable LockQueues create() {
    try {
      return new LockQueues();
    } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
      return null; // capabilities say what is not open
    }
  }

  /** Whether a park blocker is a lock of which the holder may be known. */
  public static boolean isLock(@Nullable Object blocker) {
    if (blocker == null) {
      return false;
    }
    String name = blocker.getClass().getName();
    return REENTRANT.contains(name) || READ_WRITE.contains(name);
  }

  /** Whether a park blocker is a latch, as the one that tells when a virtual thread ends. */
  public static boolean isLatch(@Nullable Object blocker) {
    return blocker != null && blocker.getClass().getName().equals(LATCH);
  }

  /** Whether a park blocker is a task whose result is waited for. */
  public static boolean isTask(@Nullable Object blocker) {
    return blocker instanceof FutureTask<?>;
  }

  /** The thread that runs a task now; null if none does. Others may cancel the task. */
  public @Nullable Thread runner(Object task) {
    return (Thread) runner.getVolatile((FutureTask<?>) task);
  }

  /** The name of a lock or a task, as {@code ReentrantLock@1b2c3d}. */
  public static String text(Object object) {
    String type = object.getClass().getName();
    int end = type.indexOf('$');
    return type.substring(type.lastIndexOf('.') + 1, end < 0 ? type.length() : end)
        + "@"
        + Integer.toHexString(System.identityHashCode(object));
  }

  /**
   * The latch that a virtual thread's end counts down, as it appears as a park blocker; null if
   * nobody has asked the thread for it yet.
   */
  public @Nullable Object terminationOf(Thread thread) {
    CountDownLatch latch = (CountDownLatch) termination.getVolatile(thread);
    return latch == null ? null : (Object) latchSync.get(latch);
  }

  /**
   * Where the thread stands in line for the lock or latch; null if it does not. Costs a walk of the
   * queue.
   */
  public @Nullable Object place(Object synchronizer, Thread thread) {
    return queueOf(synchronizer).place(synchronizer, thread);
  }

  private Queue queueOf(Object synchronizer) {
    return synchronizer instanceof AbstractQueuedLongSynchronizer ? longQueue : queue;
  }

  /**
   * The thread that keeps whoever stands at that place from getting the lock: who has it, or for a
   * writer the first of those who read. Null if nobody has it, or nobody known.
   */
  public @Nullable Thread holder(Object lock, @Nullable Object place) {
    Thread exclusive;
    try {
      exclusive = (Thread) owner.invokeExact((AbstractOwnableSynchronizer) lock);
    } catch (Throwable e) {
      throw new IllegalStateException(e); // it reads a field
    }
    if (exclusive != null
        || !READ_WRITE.contains(lock.getClass().getName())
        || queueOf(lock).sharedNode().isInstance(place)) {
      return exclusive;
    }
    return (Thread) firstReader.getVolatile(lock);
  }
}
