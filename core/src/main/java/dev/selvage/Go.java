package dev.selvage;

import dev.selvage.internal.Alarms;
import dev.selvage.internal.Backoff;
import dev.selvage.internal.Interrupts;
import dev.selvage.internal.Stillness;
import dev.selvage.internal.gmp.Runners;
import dev.selvage.observe.WaitReason;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Starts goroutines. Meant to be imported statically: {@code go(() -> work())}.
 *
 * <p>What a thread did before it started a goroutine happens before whatever that does. An
 * exception that a goroutine does not catch goes to {@link
 * Thread#getDefaultUncaughtExceptionHandler()}, or to the log {@code dev.selvage} if there is none,
 * and ends that goroutine only. What a goroutine has from who starts it is said at {@link
 * Goroutine}.
 *
 * <p>All methods may be called from any thread; only {@link #sleep} blocks, and what {@link
 * #uninterruptibly} is given.
 */
public final class Go {
  /** Of 64 yields on the scheduler of the JDK one gives way to all; a mask for random numbers. */
  private static final int BREATH = 63;

  private Go() {}

  // --------------- The runtime ---------------

  /** Which scheduler goroutines run on in this JVM, and what is missing for more. */
  public static GoRuntime runtime() {
    return GoRuntime.ofThisJvm();
  }

  // --------------- Starting ---------------

  /** What a goroutine does. May throw anything. */
  @FunctionalInterface
  public interface Action {
    /** Does it. */
    void run() throws Throwable;
  }

  /** What a goroutine does with its argument. May throw anything. */
  @FunctionalInterface
  public interface ActionOn<A> {
    /** Does it. */
    void run(A argument) throws Throwable;
  }

  /** Runs a task in a goroutine of its own. */
  public static void go(Action task) {
    Routine.start(null, Objects.requireNonNull(task, "task"));
  }

  /** Runs a task in a goroutine of its own, whose thread has that name. */
  public static void go(String name, Action task) {
    Routine.start(Objects.requireNonNull(name, "name"), Objects.requireNonNull(task, "task"));
  }

  /**
   * Runs a task in a goroutine of its own with the argument as it is now, whatever becomes of the
   * variable it came from.
   */
  public static <A> void go(ActionOn<? super A> task, A argument) {
    Objects.requireNonNull(task, "task");
    Routine.start(null, () -> task.run(argument));
  }

  /** The same with a name for the thread. */
  public static <A> void go(String name, ActionOn<? super A> task, A argument) {
    Objects.requireNonNull(task, "task");
    Routine.start(Objects.requireNonNull(name, "name"), () -> task.run(argument));
  }

  // --------------- What goroutines inherit ---------------

  /** Something that is done here, and yields a result. */
  @FunctionalInterface
  public interface Body<R extends @Nullable Object, X extends Exception> {
    /** Does it. */
    R run() throws X;
  }

  /** Something that is done here, and yields nothing. */
  @FunctionalInterface
  public interface BodyAction<X extends Exception> {
    /** Does it. */
    void run() throws X;
  }

  /**
   * Does something with one more label in force, on the current thread (Go's {@code pprof.Do}).
   * Goroutines that are started meanwhile have it for all their life, and so have those that they
   * start. A label of the same key is hidden.
   *
   * <p>Labels are seen in dumps and profiles: use few keys, and values that many goroutines share.
   *
   * @throws X what the body throws
   */
  @SuppressWarnings("FunctionalInterfaceClash") // a lambda that can be both has its value passed on
  public static <R extends @Nullable Object, X extends Exception> R labelled(
      String key, String value, Body<? extends R, ? extends X> body) throws X {
    Objects.requireNonNull(key, "a label needs a key");
    Objects.requireNonNull(value, "a label needs a value");
    Objects.requireNonNull(body, "body");
    return Environment.current().with(Map.of(key, value)).<R, X>call(body::run);
  }

  /** The same for something that yields nothing. */
  public static <X extends Exception> void labelled(
      String key, String value, BodyAction<? extends X> body) throws X {
    Objects.requireNonNull(body, "body");
    Go.<@Nullable Object, X>labelled(
        key,
        value,
        () -> {
          body.run();
          return null;
        });
  }

  /**
   * Does something, on the current thread, while {@link Context#current()} is that context.
   * Goroutines that are started meanwhile have it for all their life, and so have those that they
   * start. What is bound is the context's {@linkplain Context#view() view}, so nobody can cancel it
   * from there, and that it is bound does not hide that nobody can cancel it any more.
   *
   * @throws X what the body throws
   */
  @SuppressWarnings("FunctionalInterfaceClash") // a lambda that can be both has its value passed on
  public static <R extends @Nullable Object, X extends Exception> R withContext(
      Context context, Body<? extends R, ? extends X> body) throws X {
    Objects.requireNonNull(context, "nil context");
    Objects.requireNonNull(body, "body");
    return Environment.current().with(context).<R, X>call(body::run);
  }

  /** The same for something that yields nothing. */
  public static <X extends Exception> void withContext(
      Context context, BodyAction<? extends X> body) throws X {
    Objects.requireNonNull(body, "body");
    Go.<@Nullable Object, X>withContext(
        context,
        () -> {
          body.run();
          return null;
        });
  }

  // --------------- What is on purpose ---------------

  /**
   * Does something in which this goroutine may stay blocked for ever on purpose: it keeps the
   * program running, say, or waits for an end that need not come. If it is proven to leak there,
   * the report says that it is excused, and why, and does not count it as a leak.
   *
   * <p>It is said of this goroutine only, not of those that it starts. In a thread that is no
   * goroutine it has no effect; a virtual thread says the same by its name, if that is {@code
   * parked for ever:}, a space, and the reason. Can block for as long as the body does.
   *
   * @param why the reason, for whoever reads the report
   * @throws X what the body throws
   */
  @SuppressWarnings("FunctionalInterfaceClash") // a lambda that can be both has its value passed on
  public static <R extends @Nullable Object, X extends Exception> R parkedForever(
      String why, Body<? extends R, ? extends X> body) throws X {
    if (why.isBlank()) {
      throw new IllegalArgumentException("say why it may be parked for ever");
    }
    Objects.requireNonNull(body, "body");
    Routine routine = Routine.of(Thread.currentThread());
    if (routine == null) {
      return body.run();
    }
    String before = routine.setParkedForever(why);
    try {
      return body.run();
    } finally {
      routine.setParkedForever(before);
    }
  }

  /** The same for something that yields nothing. */
  public static <X extends Exception> void parkedForever(String why, BodyAction<? extends X> body)
      throws X {
    Objects.requireNonNull(body, "body");
    Go.<@Nullable Object, X>parkedForever(
        why,
        () -> {
          body.run();
          return null;
        });
  }

  // --------------- What must be finished ---------------

  /** Something that must not be interrupted, and yields a result. */
  @FunctionalInterface
  public interface Finish<R extends @Nullable Object, X extends Exception> {
    /** Does it. */
    R run() throws InterruptedException, X;
  }

  /** Something that must not be interrupted, and yields nothing. */
  @FunctionalInterface
  public interface FinishAction<X extends Exception> {
    /** Does it. */
    void run() throws InterruptedException, X;
  }

  /**
   * Does something during which the current thread counts as not interrupted, so that it can still
   * send, lock and wait: cleaning up after a cancellation, most of all.
   *
   * <pre>{@code
   * } finally {
   *   uninterruptibly(() -> results.send(partial));
   * }
   * }</pre>
   *
   * <p>If the thread is interrupted already, that is put off: the flag is clear inside, and set
   * again afterwards. So is an interrupt that comes meanwhile. No wait of Selvage ends for it; a
   * wait of the JDK inside does when somebody calls {@link Thread#interrupt()} just then, but not
   * when it is a {@code Scope} that is cancelled. Regions may be nested; the outermost counts.
   *
   * <p>Can block for as long as the body does.
   *
   * @throws X what the body throws
   * @throws CancellationException when the body throws an {@link InterruptedException} all the
   *     same, which is its cause; the interrupt flag is set then
   */
  @SuppressWarnings("FunctionalInterfaceClash") // a lambda that can be both has its value passed on
  public static <R extends @Nullable Object, X extends Exception> R uninterruptibly(
      Finish<? extends R, ? extends X> body) throws X {
    Objects.requireNonNull(body, "body");
    return Interrupts.<R, X>uninterruptibly(
        () -> {
          try {
            return body.run();
          } catch (InterruptedException e) {
            throw interruptedAllTheSame(e);
          }
        });
  }

  /** The same for something that yields nothing. */
  public static <X extends Exception> void uninterruptibly(FinishAction<? extends X> body)
      throws X {
    Objects.requireNonNull(body, "body");
    Go.<@Nullable Object, X>uninterruptibly(
        () -> {
          body.run();
          return null;
        });
  }

  private static CancellationException interruptedAllTheSame(InterruptedException e) {
    Thread.currentThread().interrupt();
    CancellationException exception = new CancellationException("interrupted");
    exception.initCause(e);
    return exception;
  }

  // --------------- Deadlock ---------------

  /**
   * Says who is told when all goroutines are asleep: every goroutine, and every other thread of the
   * program, waits without a time limit in an operation of Selvage, no timer is pending, and
   * nothing outside can wake any of them. Otherwise that is an error in the log {@code
   * dev.selvage}, once a deadlock, and never the end of the JVM; with {@code
   * -Ddev.selvage.deadlock=exit} it is written to the standard error, and the JVM exits with status
   * 2, as Go's; with {@code off} nobody looks.
   *
   * <p>The handler gets Go's text with every stack. It is called by a thread of its own, about half
   * a second after the deadlock, and may end what it likes; while it runs nobody looks for another.
   * If it throws, that is logged, and nobody looks any more.
   *
   * <p>It is never wrong as far as the JVM can see. Where the program has shutdown hooks or
   * handlers of signals it says nothing, as those could wake a goroutine; nor where it cannot see
   * all virtual threads ({@code docs/adr/0013-all-asleep.md} has the rules). It sees them under the
   * agent, or with {@code --add-opens java.base/jdk.internal.vm=dev.selvage.core} ({@code
   * ALL-UNNAMED} on the class path). Without, it takes a thread dump of the JVM when all of
   * Selvage's goroutines seem to be asleep, and does so only if a handler is given or {@code
   * -Ddev.selvage.deadlock=log} or {@code exit}, since JDK 25.0.3 can crash when it dumps other
   * virtual threads that run just then. Under the agent it can tell the program's hooks from those
   * of the JDK's log; without, any hook keeps it silent, and {@code java.util.logging} registers
   * one when it is first used. It cannot see threads of native code that the JVM has never met, nor
   * finalizers that have not run. {@code -Ddev.selvage.deadlock.hooks=ignore} says that hooks and
   * handlers of signals wake nobody.
   *
   * @param handler is given the report; null for the log again
   */
  public static void onDeadlock(@Nullable Consumer<? super String> handler) {
    Stillness.setHandler(handler);
  }

  // --------------- Checkpoints ---------------

  /**
   * Lets others run (Go's {@code runtime.Gosched}). In a loop that computes it is the place where
   * the goroutine notices that it was interrupted. Not to be confused with the keyword: it is
   * always called as {@code Go.yield()}.
   *
   * @throws InterruptedException when the thread is interrupted
   */
  // The name is that of Thread.yield, and a hint is what is asked for.
  @SuppressWarnings({"NamedLikeContextualKeyword", "ThreadPriorityCheck"})
  public static void yield() throws InterruptedException {
    Interrupts.check();
    if (Runners.ofThisJvm() == null
        && Thread.currentThread().isVirtual()
        && (ThreadLocalRandom.current().nextInt() & BREATH) == 0) {
      Backoff.breathe();
    } else {
      Thread.yield();
    }
  }

  // --------------- Time ---------------

  /**
   * Blocks for a time; not at all if that is zero or negative.
   *
   * @throws InterruptedException when interrupted before the end
   */
  public static void sleep(Duration time) throws InterruptedException {
    long nanos = Alarms.nanos(time);
    Interrupts.check();
    if (nanos > 0) {
      Waits.pause(WaitReason.SLEEP, null, nanos);
    }
  }
}
