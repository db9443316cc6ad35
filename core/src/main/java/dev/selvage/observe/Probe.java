package dev.selvage.observe;

import dev.selvage.internal.Account;
import dev.selvage.internal.Bystanders;
import dev.selvage.internal.Contentions;
import dev.selvage.internal.Incidents;
import dev.selvage.internal.LabelTrace;
import dev.selvage.internal.Obstacles;
import dev.selvage.internal.Obstacles.Obstacle;
import dev.selvage.internal.Resources;
import dev.selvage.internal.Roster;
import dev.selvage.internal.Schedulers;
import dev.selvage.internal.Tracing;
import dev.selvage.internal.Waiter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a tool in another class loader may read of this copy of the language: static methods that
 * speak types of the JDK only, so that they can be called by reflection. And what a tool in the
 * same one may tell it, so that the tool is not taken for a part of the program. Thread-safe; does
 * not block.
 */
public final class Probe {
  private Probe() {}

  /**
   * The version of these methods and of the maps that they return. It is 2. A later one has
   * everything that an earlier one has, with the same meaning: 2 added {@link #waitOf} and {@link
   * #goroutines}.
   */
  public static int protocol() {
    return 2;
  }

  /**
   * The tickers, timers and cancellable contexts that nobody has stopped, or cancelled, or let
   * fire. They are known weakly: being in this list keeps nothing alive.
   *
   * <table>
   * <caption>Each map has</caption>
   * <tr><td>{@code kind}</td><td>String: {@code ticker}, {@code timer} or {@code context}</td></tr>
   * <tr><td>{@code site}</td><td>String: the frame that made it, the first outside the JDK and
   * Selvage, as {@code com.acme.Order.quote(Order.java:57)}; empty when there is none</td></tr>
   * <tr><td>{@code stack}</td><td>{@code List<StackTraceElement>}: where it was made, leaf first,
   * without Selvage's own first frames, at most 32</td></tr>
   * <tr><td>{@code ageNanos}</td><td>Long: since it was made</td></tr>
   * <tr><td>{@code creator}</td><td>String: name of the thread that made it, or {@code #} and its
   * identifier</td></tr>
   * <tr><td>{@code creatorEnded}</td><td>Boolean: that thread has ended, or is unreachable</td></tr>
   * <tr><td>{@code waiters}</td><td>Integer: threads blocked on its channel now</td></tr>
   * <tr><td>{@code heldBy}</td><td>String: of a context that another one refers to, so that it can
   * cancel it, the frame that made that one; not there for any other</td></tr>
   * </table>
   */
  public static List<Map<String, Object>> resources() {
    return Resources.list();
  }

  /**
   * What a thread, of whatever kind, waits for in an operation of this copy of the language; null
   * when it does not. A picture of one moment. It refers to nothing of the program.
   *
   * <table>
   * <caption>The map has</caption>
   * <tr><td>{@code reason}</td><td>String: the text of the {@link WaitReason}</td></tr>
   * <tr><td>{@code waitNanos}</td><td>Long: for how long, at least; {@link
   * GoroutineInfo#waitTime()} says how exact</td></tr>
   * <tr><td>{@code objects}</td><td>{@code List<Map<String, Object>>}: what it waits on, of which a
   * select has several and a sleep none. Each has {@code class} (String, its name), {@code
   * identity} (Integer, its identity hash code) and {@code text} (String, as {@code
   * chan(0/0)})</td></tr>
   * </table>
   */
  public static @Nullable Map<String, Object> waitOf(Thread thread) {
    GoroutineInfo.Wait wait = GoroutineInfo.Wait.of(thread);
    return wait == null ? null : wait.toMap();
  }

  /**
   * Who keeps a thread waiting, of whatever kind, in an operation of this copy of the language: a
   * short answer to the question that {@link #obstacle} answers at length.
   *
   * @return the identifier of a thread; -1 for the goroutines of a group; 0 if it does not wait,
   *     waits for a limited time, or it is not known
   */
  public static long keeperOf(Thread thread) {
    Obstacle obstacle = obstacleOf(thread);
    return obstacle == null ? 0 : obstacle.group() != null ? -1 : obstacle.thread();
  }

  /**
   * What keeps a thread waiting, of whatever kind, in a lock or a group of this copy of the
   * language; null if it does not wait, waits for a limited time, or it is not known. A picture of
   * one moment. It refers to nothing of the program.
   *
   * <p>A lock has no owner in the language, so mostly this is who has locked it, which need not be
   * who unlocks it. Who has it is noted when it is taken and forgotten when it is given back; of
   * those who read an {@link dev.selvage.sync.RWMutex} at most one is known.
   *
   * <table>
   * <caption>The map has</caption>
   * <tr><td>{@code thread}</td><td>Long: the identifier of the thread that has it; 0 for a
   * group</td></tr>
   * <tr><td>{@code group}</td><td>Object: the mark of the group that is waited for; only if it is
   * one. The goroutines with that mark ({@link #countedBy}) must end first</td></tr>
   * <tr><td>{@code what}</td><td>String: what is waited for, as {@code Mutex@1b2c3d}</td></tr>
   * <tr><td>{@code by}</td><td>String: words that the name of that thread follows, as {@code locked
   * by}</td></tr>
   * <tr><td>{@code owned}</td><td>Boolean: nobody else can end the wait, but by an
   * interrupt</td></tr>
   * </table>
   */
  public static @Nullable Map<String, Object> obstacle(Thread thread) {
    Obstacle obstacle = obstacleOf(thread);
    if (obstacle == null) {
      return null;
    }
    Map<String, Object> map = new HashMap<>();
    map.put("thread", obstacle.thread());
    map.put("what", obstacle.what());
    map.put("by", obstacle.by());
    map.put("owned", obstacle.owned());
    Object group = obstacle.group();
    if (group != null) {
      map.put("group", group);
    }
    return map;
  }

  private static @Nullable Obstacle obstacleOf(Thread thread) {
    return LockSupport.getBlocker(thread) instanceof Waiter waiter ? Obstacles.of(waiter) : null;
  }

  /**
   * Who last did what would end the wait of a thread, of whatever kind, in an operation of this
   * copy of the language: came to the other side of its channel, counted its group down, signalled
   * its condition. Empty if it does not wait, or that is not known. A picture of one moment. It
   * refers to nothing of the program. Copies that are older have no such method.
   *
   * <table>
   * <caption>Each map has</caption>
   * <tr><td>{@code thread}</td><td>Long: the identifier of that thread, which may have ended; 0 if
   * nobody has done it yet</td></tr>
   * <tr><td>{@code what}</td><td>String: what is waited on, as {@code chan(0/0)@1b2c3d}</td></tr>
   * <tr><td>{@code did}</td><td>String: words that the name of that thread follows, as {@code last
   * receiver}</td></tr>
   * </table>
   */
  public static List<Map<String, Object>> lastActors(Thread thread) {
    if (!(LockSupport.getBlocker(thread) instanceof Waiter waiter)) {
      return List.of();
    }
    return Obstacles.lastActors(waiter).stream()
        .map(
            actor ->
                Map.<String, Object>of(
                    "thread",
                    actor.thread(),
                    "what",
                    GoroutineInfo.WaitObject.of(actor.object()).toString(),
                    "did",
                    actor.did()))
        .toList();
  }

  /**
   * The mark of the group that has started a goroutine, and waits for its end; null if there is
   * none. It refers to nothing.
   */
  public static @Nullable Object countedBy(Thread thread) {
    return Roster.countedBy(thread);
  }

  /**
   * Tells of all goroutines that {@link Goroutines#all()} has, one after the other. Each map has
   * what {@link #waitOf} says, if the goroutine waits, and
   *
   * <table>
   * <caption>beside that</caption>
   * <tr><td>{@code id}</td><td>Long: of its thread</td></tr>
   * <tr><td>{@code name}</td><td>String: of its thread; empty if it has none</td></tr>
   * <tr><td>{@code labels}</td><td>{@code Map<String, String>}</td></tr>
   * <tr><td>{@code state}</td><td>String: of {@link Thread.State}</td></tr>
   * </table>
   */
  public static void goroutines(Consumer<Map<String, Object>> to) {
    Goroutines.all().forEach(info -> to.accept(info.toMap()));
  }

  /**
   * The labels in force in a thread; empty if it has none, or is not a goroutine of this copy of
   * the language.
   */
  public static Map<String, String> labels(Thread thread) {
    Roster.Member member = Roster.member(thread);
    return member == null ? Map.of() : member.describe().labels();
  }

  /**
   * Why a thread may be parked for ever, as its own code has said ({@code Go.parkedForever}); null
   * if it has not, or is not a goroutine of this copy of the language.
   */
  public static @Nullable String parkedForever(Thread thread) {
    Roster.Member member = Roster.member(thread);
    return member == null ? null : member.parkedForever();
  }

  /**
   * What a goroutine has used, and who started it, as far as that was counted ({@link
   * dev.selvage.scheduler.Scheduler#countUsage}); null if it was not, or it is none of this copy of
   * the language.
   *
   * <table>
   * <caption>The map has</caption>
   * <tr><td>{@code cpuNanos}, {@code mounts}, {@code allocatedBytes}</td><td>Long: since counting
   * began</td></tr>
   * <tr><td>{@code startedBy}</td><td>Long: the thread that started it; only if it was started while
   * that was counted</td></tr>
   * <tr><td>{@code startedAt}</td><td>StackTraceElement: the line that did, the first outside the
   * JDK and Selvage; likewise, and only if there is one</td></tr>
   * </table>
   */
  public static @Nullable Map<String, Object> usage(Thread thread) {
    Roster.Member member = Roster.member(thread);
    Account account = member == null ? null : member.account;
    if (account == null) {
      return null;
    }
    Map<String, Object> map = new HashMap<>();
    map.put("cpuNanos", account.cpuNanos);
    map.put("mounts", account.mounts);
    map.put("allocatedBytes", account.allocatedBytes);
    StackTraceElement at = account.startedAt;
    if (account.startedBy != 0) {
      map.put("startedBy", account.startedBy);
      if (at != null) {
        map.put("startedAt", at);
      }
    }
    return map;
  }

  /** Ends something, once. */
  private static AutoCloseable once(Runnable end) {
    AtomicBoolean open = new AtomicBoolean(true);
    return () -> {
      if (open.getAndSet(false)) {
        end.run();
      }
    };
  }

  /**
   * Counts what goroutines use until it is closed, as {@link
   * dev.selvage.scheduler.Scheduler#countUsage}. Asking starts no scheduler. Copies that are older
   * have no such method.
   *
   * @return ends it; has no effect the second time
   */
  public static AutoCloseable countUsage() {
    Tracing.door().countUsage(true);
    return once(() -> Tracing.door().countUsage(false));
  }

  /**
   * Measures how long goroutines are runnable before they run, until it is closed, as {@link
   * dev.selvage.scheduler.Scheduler#measureLatency}; {@link #scheduling} tells what was measured.
   * Asking starts no scheduler. Copies that are older have no such method.
   *
   * @return ends it; has no effect the second time
   */
  public static AutoCloseable measureLatency() {
    Tracing.door().measureLatency(true);
    return once(() -> Tracing.door().measureLatency(false));
  }

  /**
   * Tells a listener from now on which labels come into force in which thread, by its identifier.
   * It is called on that thread, so must be quick and must not block.
   *
   * @return ends it
   */
  public static AutoCloseable listenToLabels(BiConsumer<Long, Map<String, String>> listener) {
    return LabelTrace.listen(listener);
  }

  /**
   * Tells a listener from now on, in a line each, of what went wrong: a goroutine that ended with
   * an exception which it did not catch, and a task or region ({@link dev.selvage.trace.Trace})
   * that took longer than a bound, if it began and ended while something was recorded. It is called
   * on the thread that it tells of, so must be quick and must not block. Exceptions that nobody
   * catches are only told where the goroutine's thread has no handler of its own.
   *
   * @param slowNanos the bound; {@link Long#MAX_VALUE} for none
   * @param uncaught whether exceptions are told
   * @return ends it
   */
  public static AutoCloseable listenToIncidents(
      long slowNanos, boolean uncaught, Consumer<String> listener) {
    return Incidents.listen(slowNanos, uncaught, Objects.requireNonNull(listener, "listener"));
  }

  /** As {@link Contention#setBlockProfileRate}. */
  public static void setBlockProfileRate(long nanos) {
    Contentions.setBlockRate(nanos);
  }

  /** As {@link Contention#setMutexProfileFraction}. */
  public static int setMutexProfileFraction(int fraction) {
    return Contentions.setMutexFraction(fraction);
  }

  /**
   * Samples blocking and contention until it is closed, if the program does not do so already.
   *
   * @return ends it; has no effect the second time
   */
  public static AutoCloseable sampleContention() {
    Contentions.openWindow();
    return once(Contentions::closeWindow);
  }

  /**
   * What has been sampled of blocking ({@code block}) or of contention for locks ({@code mutex})
   * since the program began.
   *
   * <table>
   * <caption>Each map has</caption>
   * <tr><td>{@code stack}</td><td>{@code List<StackTraceElement>}: leaf first</td></tr>
   * <tr><td>{@code count}</td><td>Long: how often, estimated from the samples</td></tr>
   * <tr><td>{@code nanos}</td><td>Long: for how long in all, likewise</td></tr>
   * </table>
   *
   * @throws IllegalArgumentException if the kind is neither
   */
  public static List<Map<String, Object>> contentions(String kind) {
    List<Contentions.Contention> list =
        switch (kind) {
          case "block" -> Contentions.blocks();
          case "mutex" -> Contentions.mutexes();
          default -> throw new IllegalArgumentException("neither block nor mutex: " + kind);
        };
    return list.stream()
        .map(
            c -> Map.<String, Object>of("stack", c.stack(), "count", c.count(), "nanos", c.nanos()))
        .toList();
  }

  /** How many values each of the program's own profiles has, by name. */
  public static Map<String, Integer> profiles() {
    Map<String, Integer> counts = new TreeMap<>();
    Profile.all().forEach(profile -> counts.put(profile.name(), profile.count()));
    return counts;
  }

  /** The stacks of one of the program's own profiles, leaf first; empty if there is none. */
  public static List<List<StackTraceElement>> profile(String name) {
    Profile profile = Profile.lookup(name);
    return profile == null ? List.of() : profile.stacks();
  }

  /**
   * Whether the scheduler of this copy of the language was given every virtual thread of the
   * program, as the agent can do with its own.
   */
  public static boolean isWholeJvm() {
    return Tracing.door().isWholeJvm();
  }

  /** Why {@link #trace} is not possible in this copy of the language; null if it is. */
  public static @Nullable String traceImpossible() {
    return Tracing.door().impossible();
  }

  /**
   * Records what this copy of the language does, for an execution trace, until it is told {@code
   * close}.
   *
   * <p>The result takes a word: {@code stop} ends the recording but keeps it; {@code close} ends
   * and forgets it; {@code snapshot} gives what there is, and changes nothing. {@code null} is what
   * the first two give.
   *
   * <table>
   * <caption>A snapshot has</caption>
   * <tr><td>{@code version}</td><td>Integer: 1</td></tr>
   * <tr><td>{@code origin}</td><td>Long: {@link System#nanoTime()} from which all times
   * count</td></tr>
   * <tr><td>{@code from}, {@code to}</td><td>Long: between these nothing is missing but what {@code
   * lost} counts</td></tr>
   * <tr><td>{@code procs}</td><td>Integer: GOMAXPROCS now</td></tr>
   * <tr><td>{@code lost}</td><td>Long: how many events found no room</td></tr>
   * <tr><td>{@code full}</td><td>Boolean: it had as many bytes as it may, and ended</td></tr>
   * <tr><td>{@code strings}, {@code stacks}</td><td>{@code List<String>}, {@code
   * List<List<StackTraceElement>>}: the one with number 1 comes first</td></tr>
   * <tr><td>{@code threads}</td><td>{@code List<Map<String, Object>>}: each has {@code id} (Long),
   * {@code name} (String), {@code machine} (Boolean: an M), {@code chunks} ({@code List<byte[]>})
   * and {@code bases} ({@code List<Long>}: the time before each chunk's first event)</td></tr>
   * </table>
   *
   * @param ring whether the last events are wanted, and not the first
   * @param mostBytes how many bytes of events are kept, about
   * @param keepNanos of a ring: how old events must be that it drops before it is full
   * @throws UnsupportedOperationException where it is not possible
   */
  public static Function<String, @Nullable Object> trace(
      boolean ring, long mostBytes, long keepNanos) {
    return Tracing.door().open(ring, mostBytes, keepNanos);
  }

  /**
   * What the schedulers of this copy of the language did and do. Asking starts none.
   *
   * <table>
   * <caption>The map has</caption>
   * <tr><td>{@code schedulers}</td><td>{@code List<Map<String, Object>>}: those of ours that there
   * are, with {@code id} (Integer; 0 is the first), {@code gomaxprocs}, {@code idle}, {@code
   * spinning}, {@code threads}, {@code spare}, {@code queued} (Integers), {@code handOffs} (a map
   * of Longs: {@code computing}, {@code blocked}, {@code inNative}, {@code refused}), {@code
   * processors} (a list of maps: {@code id}, {@code idle} (Boolean), {@code queued} and Longs as in
   * {@code retired}) and {@code retired} (a map of Longs: {@code ticks}, {@code steals}, {@code
   * stolen}, {@code fromGlobal}, {@code overflows}, {@code wakes}, {@code wokenInVain},
   * {@code takenAway}); all as in {@code dev.selvage.scheduler.SchedulerStats}</td></tr>
   * <tr><td>{@code latencies}</td><td>long[]: as {@code Scheduler.latencies} gives it; empty where
   * there are none of our schedulers</td></tr>
   * <tr><td>{@code jdk}</td><td>String: why goroutines run on the scheduler of the JDK; only where
   * they do, and one was started</td></tr>
   * </table>
   */
  public static Map<String, Object> scheduling() {
    return Schedulers.tell();
  }

  /**
   * Stops the schedulers of this copy of the language for a while, so that the stacks of its
   * goroutines are whole in a dump of the heap: no M begins to run a goroutine until it is told
   * {@code resume}, or the time is over. One that runs is not touched; its M stands still when it
   * has blocked, given way or ended by itself. Who becomes runnable meanwhile waits in the queues.
   * The schedulers of the program go on by themselves, also if whoever asked is gone. Asking starts
   * none. Copies that are older have no such method.
   *
   * <p>The result takes a word: {@code standing} gives {@code int[]}: how many Ms have a P, among
   * them those from which it was taken and which have not come back, and how many of these stand
   * still; {@code resume} ends it, and gives a Boolean: whether all schedulers were held until
   * then.
   *
   * @param nanos after which the schedulers go on in any case; more than a minute counts as one
   */
  public static Function<String, @Nullable Object> hold(long nanos) {
    return Schedulers.hold(nanos);
  }

  // --------------- What tools tell ---------------

  /**
   * Says that a thread never wakes a goroutine, nor starts anything that does: a tool's, which only
   * looks. It is then no reason not to say that all goroutines are asleep. To be called before it
   * starts; a shutdown hook may be vouched for as well. It is held weakly. Who vouches wrongly gets
   * wrong reports.
   */
  public static void vouchFor(Thread thread) {
    Bystanders.add(Objects.requireNonNull(thread, "thread"));
  }

  /** Whether somebody has vouched for the thread, or hook, in this copy of the language. */
  public static boolean isVouchedFor(Thread thread) {
    return Bystanders.isKnown(Objects.requireNonNull(thread, "thread"));
  }

  /**
   * Says who can list what the JVM runs when it ends, and on signals, which the JDK has no public
   * way to ask for. See {@link #endings}.
   */
  public static void setEndings(Supplier<Map<String, List<?>>> endings) {
    Bystanders.setEndings(Objects.requireNonNull(endings, "endings"));
  }

  /**
   * What the JVM would run when it ends, and on signals; asked only when everything seems to be
   * asleep. What is not known is not in the map; by default nothing is.
   *
   * <table>
   * <caption>The map has</caption>
   * <tr><td>{@code hooks}</td><td>{@code List<Thread>}: the shutdown hooks, without those of the
   * JDK that run no code of the program</td></tr>
   * <tr><td>{@code signals}</td><td>{@code List<Object>}: the handlers of signals, without the
   * JVM's own, which end it</td></tr>
   * </table>
   */
  public static Map<String, List<?>> endings() {
    return Bystanders.endings();
  }
}
