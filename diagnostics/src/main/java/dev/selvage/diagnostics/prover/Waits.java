package dev.selvage.diagnostics.prover;

import dev.selvage.diagnostics.Frames;
import dev.selvage.diagnostics.jdk.Jdk.Activity;
import dev.selvage.observe.WaitReason;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Why a thread waits, told from its state and its stack. The JDK names a park's blocker but not the
 * operation; the operation is in the frames between the park and the program's own code.
 */
final class Waits {
  /*
   * The frame nearest to the program decides: a program that calls ArrayBlockingQueue.take waits
   * for a queue, although the JDK waits on a condition to do so. Where the nearest JDK frame says
   * nothing (an HTTP client, say) the next one up is asked.
   */

  private record Rule(String classPart, String method, WaitReason reason) {}

  // classPart is matched against the end of a class name (before any $), method against its start
  private static final List<Rule> RULES =
      List.of(
          new Rule("java.lang.ref.ReferenceQueue", "", WaitReason.REFERENCE_QUEUE),
          new Rule("CountDownLatch", "await", WaitReason.LATCH),
          new Rule("CyclicBarrier", "await", WaitReason.BARRIER),
          new Rule("CyclicBarrier", "dowait", WaitReason.BARRIER),
          new Rule("CompletableFuture", "get", WaitReason.FUTURE),
          new Rule("CompletableFuture", "join", WaitReason.FUTURE),
          new Rule("FutureTask", "get", WaitReason.FUTURE),
          new Rule("FutureTask", "awaitDone", WaitReason.FUTURE),
          new Rule("ForkJoinTask", "get", WaitReason.FUTURE),
          new Rule("ForkJoinTask", "join", WaitReason.FUTURE),
          new Rule("ForkJoinTask", "invoke", WaitReason.FUTURE),
          new Rule("ForkJoinTask", "awaitDone", WaitReason.FUTURE),
          new Rule("Semaphore", "acquire", WaitReason.SEMAPHORE),
          new Rule("Phaser", "await", WaitReason.PHASER),
          new Rule("Phaser", "arriveAndAwait", WaitReason.PHASER),
          new Rule("Exchanger", "exchange", WaitReason.EXCHANGER),
          new Rule("StructuredTaskScopeImpl", "join", WaitReason.SCOPE_JOIN),
          new Rule("StructuredTaskScope", "join", WaitReason.SCOPE_JOIN),
          new Rule("ThreadFlock", "await", WaitReason.SCOPE_JOIN),
          new Rule("ThreadFlock", "close", WaitReason.SCOPE_JOIN),
          new Rule("java.lang.Thread", "join", WaitReason.JOIN),
          new Rule("java.lang.VirtualThread", "join", WaitReason.JOIN),
          new Rule("java.lang.Thread", "sleep", WaitReason.SLEEP),
          new Rule("ReentrantLock", "lock", WaitReason.LOCK),
          new Rule("ReentrantReadWriteLock", "lock", WaitReason.LOCK),
          new Rule("StampedLock", "", WaitReason.LOCK),
          new Rule("Queue", "put", WaitReason.QUEUE_PUT),
          new Rule("Queue", "offer", WaitReason.QUEUE_PUT),
          new Rule("Deque", "put", WaitReason.QUEUE_PUT),
          new Rule("Deque", "offer", WaitReason.QUEUE_PUT),
          new Rule("LinkedTransferQueue", "transfer", WaitReason.QUEUE_PUT),
          new Rule("Queue", "take", WaitReason.QUEUE_TAKE),
          new Rule("Queue", "poll", WaitReason.QUEUE_TAKE),
          new Rule("Deque", "take", WaitReason.QUEUE_TAKE),
          new Rule("Deque", "poll", WaitReason.QUEUE_TAKE),
          new Rule("SubmissionPublisher", "", WaitReason.QUEUE_PUT),
          new Rule("PipedInputStream", "", WaitReason.IO),
          new Rule("PipedOutputStream", "", WaitReason.IO),
          new Rule("ConditionObject", "await", WaitReason.CONDITION),
          new Rule("AbstractQueuedSynchronizer", "acquire", WaitReason.LOCK));

  // our own operations, by the class's simple name and the start of the method's name
  private static final Map<String, WaitReason> OWN_CLASSES =
      Map.of(
          "Select", WaitReason.SELECT,
          "Mutex", WaitReason.MUTEX_LOCK,
          "WaitGroup", WaitReason.WAIT_GROUP_WAIT,
          "Cond", WaitReason.COND_WAIT,
          "Semaphore", WaitReason.SEMACQUIRE,
          "Scope", WaitReason.SCOPE);

  private Waits() {}

  /** Why it waits. */
  static WaitReason classify(Activity activity, StackTraceElement[] stack) {
    return switch (activity) {
      case NOT_ALIVE, RUNNABLE -> WaitReason.NONE;
      case MONITOR_ENTER -> WaitReason.MONITOR_ENTER;
      case OBJECT_WAIT -> pipe(stack) ? WaitReason.IO : WaitReason.OBJECT_WAIT;
      case TIMED -> {
        WaitReason reason = fromFrames(stack);
        yield reason == WaitReason.SLEEP || reason == WaitReason.IO ? reason : WaitReason.TIMED;
      }
      case PARKED, PINNED -> fromFrames(stack);
    };
  }

  private static boolean pipe(StackTraceElement[] stack) {
    return fromFrames(stack) == WaitReason.IO;
  }

  private static WaitReason fromFrames(StackTraceElement[] stack) {
    int top = 0;
    while (top < stack.length && !Frames.isUser(stack[top])) {
      top++;
    }
    // a stack without a frame of the program: the whole of it is the JDK's
    for (int i = top - 1; i >= 0; i--) {
      StackTraceElement frame = stack[i];
      if (isIo(frame)) {
        return WaitReason.IO;
      }
      WaitReason reason = Frames.isSelvage(frame) ? own(frame) : jdk(frame);
      if (reason != null) {
        return waitsForNothing(stack, i) ? forEver(reason) : reason;
      }
    }
    return WaitReason.PARK;
  }

  /** Whether the operation has ended up where our channels wait that are never ready. */
  private static boolean waitsForNothing(StackTraceElement[] stack, int operation) {
    for (int i = 0; i < operation; i++) {
      if (Frames.isSelvage(stack[i]) && stack[i].getMethodName().equals("waitForNothing")) {
        return true;
      }
    }
    return false;
  }

  private static WaitReason forEver(WaitReason reason) {
    return switch (reason) {
      case CHAN_SEND -> WaitReason.CHAN_SEND_NIL;
      case CHAN_RECEIVE -> WaitReason.CHAN_RECEIVE_NIL;
      case SELECT -> WaitReason.SELECT_NO_CASES;
      default -> reason;
    };
  }

  private static boolean isIo(StackTraceElement frame) {
    String name = frame.getClassName();
    return name.startsWith("sun.nio.ch.") && !name.equals("sun.nio.ch.Util");
  }

  private static @Nullable WaitReason jdk(StackTraceElement frame) {
    String name = frame.getClassName();
    if (!name.startsWith("java.")) {
      return null;
    }
    int nested = name.indexOf('$');
    String outer = nested < 0 ? name : name.substring(0, nested);
    String inner = name.substring(name.lastIndexOf('$') + 1);
    for (Rule rule : RULES) {
      if ((outer.endsWith(rule.classPart) || inner.equals(rule.classPart))
          && frame.getMethodName().startsWith(rule.method)) {
        return rule.reason;
      }
    }
    return null;
  }

  private static @Nullable WaitReason own(StackTraceElement frame) {
    String name = frame.getClassName();
    String simple = name.substring(name.lastIndexOf('.') + 1);
    String outer = simple.contains("$") ? simple.substring(0, simple.indexOf('$')) : simple;
    String method = frame.getMethodName();
    WaitReason reason = OWN_CLASSES.get(outer);
    if (reason != null) {
      return reason;
    }
    if (outer.equals("RWMutex")) {
      return method.startsWith("r") || method.startsWith("R")
          ? WaitReason.RWMUTEX_RLOCK
          : WaitReason.RWMUTEX_LOCK;
    }
    if (outer.equals("ErrorGroup") && method.equals("await")) {
      return WaitReason.ERROR_GROUP_WAIT;
    }
    // Not its run, in which the function of the program may wait for something else.
    if (outer.equals("SingleFlight") && method.equals("follow")) {
      return WaitReason.SINGLE_FLIGHT_DO;
    }
    if (method.startsWith("send")) {
      return WaitReason.CHAN_SEND;
    }
    if (method.startsWith("receive") || method.equals("hasNext")) {
      return WaitReason.CHAN_RECEIVE;
    }
    if (outer.equals("Go") && method.startsWith("sleep")) {
      return WaitReason.SLEEP;
    }
    return null;
  }
}
