package dev.selvage.diagnostics;

import dev.selvage.diagnostics.Finding.Details;
import dev.selvage.observe.WaitReason;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The six ways to leak that have a page in the guide each. For a finding it is told from what the
 * finding says itself, and only where that leaves no other of the six: a thread that waits for the
 * end of another thread, say, is none of them. It is the likely one, since what blocks may also be
 * the consequence of another leak: who would have closed the channel may be stuck himself.
 */
public enum Scenario {
  /** A send that nobody will receive. */
  ABANDONED_SENDER(1, "abandoned-sender"),
  /** A receive from a channel that nobody closes. */
  UNCLOSED_CHANNEL(2, "unclosed-channel"),
  /** A ticker or timer that nobody stops. */
  FORGOTTEN_TICKER(3, "forgotten-ticker"),
  /** A map that is used as a cache and only grows. */
  GROWING_MAP(4, "growing-map"),
  /** A WaitGroup that is counted wrong, or a lock that is never released. */
  MISCOUNTED_WAIT_GROUP(5, "miscounted-wait-group"),
  /** A context that is never cancelled. */
  UNCANCELLED_CONTEXT(6, "uncancelled-context");

  /** Where {@code done()} of a context is waited for. */
  private static final String DONE = "dev.selvage.DoneChannel";

  /** What only a range over a channel has in its stack. */
  private static final Set<String> RANGE =
      Set.of("dev.selvage.ReceiveIterator", "dev.selvage.ReceiveSpliterator");

  private static final String CHANNEL = "dev.selvage.Channel";

  /** What stands before a channel that can only be received from: a timer's, or the program's. */
  private static final String VIEW = "dev.selvage.ReceiveOnly";

  private static final Map<String, Scenario> GROWING =
      Map.of(
          "ticker growth", FORGOTTEN_TICKER,
          "timer growth", FORGOTTEN_TICKER,
          "map growth", GROWING_MAP,
          "context growth", UNCANCELLED_CONTEXT);

  private static final Set<String> SENDS = texts(WaitReason.CHAN_SEND, WaitReason.QUEUE_PUT);

  private static final Set<String> COUNTS_AND_LOCKS =
      texts(
          WaitReason.WAIT_GROUP_WAIT,
          WaitReason.LATCH,
          WaitReason.MUTEX_LOCK,
          WaitReason.RWMUTEX_LOCK,
          WaitReason.RWMUTEX_RLOCK,
          WaitReason.LOCK);

  private final int number;
  private final String page;

  Scenario(int number, String name) {
    this.number = number;
    this.page = "docs/guide/scenarios/" + number + "-" + name + ".md";
  }

  /** From 1 to 6. */
  public int number() {
    return number;
  }

  /** Its page in the guide, from the root of the repository: {@code docs/guide/scenarios/…}. */
  public String page() {
    return page;
  }

  /** The likely one; null where none can be told, and for what has been refuted. */
  public static @Nullable Scenario of(Finding finding) {
    Details details = finding.details();
    if (details.state() == Finding.State.REFUTED) {
      return null;
    }
    return switch (finding) {
      case Finding.Proven _ -> proven(details.kind(), details.stack());
      case Finding.Suspected _ -> suspected(details.kind(), details.stack());
      case Finding.Deadlocked _ -> null; // a circle is a story of its own
    };
  }

  private static @Nullable Scenario proven(String kind, List<StackTraceElement> stack) {
    if (COUNTS_AND_LOCKS.contains(kind)) {
      return MISCOUNTED_WAIT_GROUP;
    }
    if (kind.equals(WaitReason.CHAN_RECEIVE.text())) {
      return received(stack);
    }
    // Nobody could cancel it any more when the wait began.
    if (kind.equals(WaitReason.CHAN_RECEIVE_NIL.text())) {
      return isBelow(stack, Set.of(DONE)) ? UNCANCELLED_CONTEXT : null;
    }
    // The worker of a pool waits for its next task: what is missing is the end of the pool.
    if (kind.equals(WaitReason.QUEUE_TAKE.text())) {
      return isBelow(stack, Set.of("java.util.concurrent.ThreadPoolExecutor"))
          ? null
          : UNCLOSED_CHANNEL;
    }
    // A future of this class is completed by whoever holds it. Others wait for a task, and so for
    // the end of a thread.
    if (kind.equals(WaitReason.FUTURE.text())) {
      return isBelow(stack, Set.of("java.util.concurrent.CompletableFuture"))
          ? UNCANCELLED_CONTEXT
          : null;
    }
    return SENDS.contains(kind) ? ABANDONED_SENDER : null;
  }

  /**
   * What grows names itself. Threads that pile up are still reached by something, so those that
   * wait for a lock, a count or a value may only be slow to get it; but those that pile up at a
   * send have nobody who receives, and those at {@code done()} nobody who cancels.
   */
  private static @Nullable Scenario suspected(String kind, List<StackTraceElement> stack) {
    if (SENDS.contains(kind)) {
      return ABANDONED_SENDER;
    }
    boolean done = kind.equals(WaitReason.CHAN_RECEIVE.text()) && isBelow(stack, Set.of(DONE));
    return done ? UNCANCELLED_CONTEXT : GROWING.get(kind);
  }

  /** A receive, from whatever kind of channel. */
  private static @Nullable Scenario received(List<StackTraceElement> stack) {
    if (isBelow(stack, Set.of(DONE))) {
      return UNCANCELLED_CONTEXT;
    }
    boolean plain = isBelow(stack, Set.of(CHANNEL)) && !isBelow(stack, Set.of(VIEW));
    return plain || isBelow(stack, RANGE) ? UNCLOSED_CHANNEL : null;
  }

  /** Whether one of these classes is on the stack below the first frame of the program. */
  private static boolean isBelow(List<StackTraceElement> stack, Set<String> classes) {
    for (StackTraceElement frame : stack) {
      if (Frames.isUser(frame)) {
        return false;
      }
      if (classes.contains(frame.getClassName())) {
        return true;
      }
    }
    return false;
  }

  private static Set<String> texts(WaitReason... reasons) {
    return Stream.of(reasons).map(WaitReason::text).collect(Collectors.toUnmodifiableSet());
  }
}
