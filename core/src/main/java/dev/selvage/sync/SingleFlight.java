package dev.selvage.sync;

import dev.selvage.Channel;
import dev.selvage.Go;
import dev.selvage.ReceiveChannel;
import dev.selvage.TaskFailedException;
import dev.selvage.internal.Interrupts;
import dev.selvage.internal.SpinLock;
import dev.selvage.internal.Waiter;
import dev.selvage.observe.WaitReason;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/**
 * Lets many who ask for the same thing at the same time share one answer: Go's {@code
 * golang.org/x/sync/singleflight}. The first, the leader, runs its function; who comes with an
 * equal key before that has ended waits, and gets what the leader gets. Nothing is kept afterwards:
 * this is no cache.
 *
 * <pre>{@code
 * Price price = flight.run(item, () -> service.ask(item)).value();
 * }</pre>
 *
 * <p>A failure is shared like a value. A cancellation is not, since it concerns the leader alone:
 * when its function throws an {@link InterruptedException} or a {@link CancellationException}, one
 * of those who wait runs its own function in its place. Who waits can be interrupted alone. A
 * function that asks for its own key waits for itself, for ever.
 *
 * <p>Thread-safe; only {@link #run} blocks. What the function did happens before what any of them
 * does with the result.
 *
 * @param <K> what is asked for; {@code equals} and {@code hashCode} tell what is the same
 * @param <V> the answer, which may be null
 */
public final class SingleFlight<K, V extends @Nullable Object> {
  /*
   * Invariants
   *  1. A call is in flight from its making until land(). It is strongly reachable from its leader's
   *     stack (or task), and from those who wait for it; from the map only weakly. So a leader that
   *     can never go on is garbage together with all who wait for it, though the object is in use;
   *     and who asks afterwards leads anew.
   *  2. Whoever joins a call does so before it has landed, so finds its outcome. A call is taken
   *     out of the map before it lands: who cannot join finds no call there, or a later one.
   *  3. The outcome is written before the call lands. A call without one was cancelled, and all who
   *     have joined it start again, each with its own function.
   *  4. A leader that is noted runs the function of this call, which nobody but it ends: it is noted
   *     before the function, and forgotten before the call lands. It is a number for tools that look
   *     for circles; nothing here depends on it.
   */
  private final ConcurrentMap<K, Flight<K, V>> flights = new ConcurrentHashMap<>();
  private final ReferenceQueue<Call<V>> lost = new ReferenceQueue<>();

  /** Creates one with nothing in flight. */
  public SingleFlight() {}

  /** What a leader does. May throw anything. */
  @FunctionalInterface
  public interface Body<V extends @Nullable Object> {
    /** Does it. */
    V run() throws Throwable;
  }

  /** What a call has come to. */
  public static final class Result<V extends @Nullable Object> {
    private final Outcome<V> outcome;
    private final boolean shared;

    private Result(Outcome<V> outcome, boolean shared) {
      this.outcome = outcome;
      this.shared = shared;
    }

    /**
     * The value.
     *
     * @throws TaskFailedException when the function threw; the cause is what it did
     */
    public V value() {
      return switch (outcome) {
        case Success<V>(V value) -> value;
        case Failure<V>(Throwable exception) -> throw new TaskFailedException(exception);
      };
    }

    /** What the function threw; null when there is a value. */
    public @Nullable Throwable exception() {
      return outcome instanceof Failure<V>(Throwable exception) ? exception : null;
    }

    /** Whether others were given it, too. */
    public boolean shared() {
      return shared;
    }

    /** As {@code Result(value, shared)} or {@code Result(failed)}, for people. */
    @Override
    public String toString() {
      return "Result(" + (exception() == null ? "value" : "failed") + (shared ? ", shared)" : ")");
    }
  }

  private sealed interface Outcome<V extends @Nullable Object> {}

  private record Success<V extends @Nullable Object>(V value) implements Outcome<V> {}

  private record Failure<V extends @Nullable Object>(Throwable exception) implements Outcome<V> {}

  /** One run of a function, and those who wait for it. */
  static final class Call<V extends @Nullable Object> implements Waiter.Several {
    /** What users see of it, for tools. */
    final SingleFlight<?, V> face;

    /** Is at one until the call has landed. */
    final WaitGroup flying = new WaitGroup();

    /** The thread that runs the function, by its identifier; 0 if none does. */
    volatile long leader;

    /** Written before it has landed, read afterwards. */
    @Nullable Outcome<V> outcome;

    private final SpinLock lock = new SpinLock();
    // Guarded by lock.
    private int followers;
    private boolean landed;

    Call(SingleFlight<?, V> face) {
      this.face = face;
      flying.add(1);
    }

    @Override
    public List<Object> objects() {
      return List.of(face);
    }

    /** Joins those who wait, if it has not landed. */
    boolean join() {
      lock.lock();
      try {
        if (!landed) {
          followers++;
        }
        return !landed;
      } finally {
        lock.unlock();
      }
    }

    /** Who gave up is given nothing. */
    void leave() {
      lock.lock();
      followers--;
      lock.unlock();
    }

    int followers() {
      lock.lock();
      try {
        return followers;
      } finally {
        lock.unlock();
      }
    }

    /** Lets all go on; returns whether anybody has joined. */
    boolean land() {
      boolean shared;
      lock.lock();
      try {
        landed = true;
        shared = followers > 0;
      } finally {
        lock.unlock();
      }
      flying.done();
      return shared;
    }
  }

  /** The place of a call in the map. */
  private static final class Flight<K, V extends @Nullable Object> extends WeakReference<Call<V>> {
    final K key;

    Flight(K key, Call<V> call, ReferenceQueue<Call<V>> lost) {
      super(call, lost);
      this.key = key;
    }
  }

  /**
   * A part in a call.
   *
   * @param led where the call is in the map, for who leads it; null for who waits
   */
  private record Seat<K, V extends @Nullable Object>(Call<V> call, @Nullable Flight<K, V> led) {}

  // --------------- Asking ---------------

  /**
   * Runs a function, unless one runs for an equal key: then blocks until that has ended, and shares
   * its result (Go's {@code Do}).
   *
   * @return a result that has a value
   * @throws TaskFailedException when the function that was run threw; the cause is what it did
   * @throws InterruptedException when interrupted before, while waiting, or in the function
   * @throws CancellationException when this thread's own function throws that
   */
  public Result<V> run(K key, Body<? extends V> body) throws InterruptedException {
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(body, "body");
    Interrupts.check();
    Result<V> result = fly(key, body, board(key));
    Throwable exception = result.exception();
    if (exception != null) {
      throw new TaskFailedException(exception);
    }
    return result;
  }

  /**
   * Like {@link #run}, but does not wait: the result will be in the channel, which is closed after
   * it. A function that has to be run runs in a goroutine of its own. A cancellation of that is a
   * result, too.
   */
  public ReceiveChannel<Result<V>> runChan(K key, Body<? extends V> body) {
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(body, "body");
    Channel<Result<V>> channel = Channel.buffered(1);
    Seat<K, V> seat = board(key);
    boolean started = false;
    try {
      Go.go(() -> deliver(key, body, seat, channel));
      started = true;
    } finally {
      if (!started) {
        Flight<K, V> led = seat.led();
        if (led == null) {
          seat.call().leave();
        } else {
          land(led, seat.call(), null);
        }
      }
    }
    return channel.receiveOnly();
  }

  private void deliver(K key, Body<? extends V> body, Seat<K, V> seat, Channel<Result<V>> channel) {
    Result<V> result;
    try {
      result = fly(key, body, seat);
    } catch (InterruptedException | CancellationException e) {
      result = new Result<>(new Failure<>(e), false);
    }
    channel.trySend(result);
    channel.close();
  }

  /**
   * Lets the next who asks for a key run its function, even while another runs for it. Who waits
   * for that one goes on waiting.
   */
  public void forget(K key) {
    flights.remove(Objects.requireNonNull(key, "key"));
  }

  // --------------- Flying ---------------

  /** Joins the call of a key, or makes one to lead. */
  private Seat<K, V> board(K key) {
    purge();
    Flight<K, V> there = flights.get(key);
    Seat<K, V> own = null;
    for (; ; ) {
      if (there != null) {
        Call<V> call = there.get();
        if (call != null && call.join()) {
          return new Seat<>(call, null);
        }
        flights.remove(key, there); // has landed, or its leader is garbage
      }
      if (own == null) {
        Call<V> call = new Call<>(this);
        own = new Seat<>(call, new Flight<>(key, call, lost));
      }
      there = flights.putIfAbsent(key, Objects.requireNonNull(own.led()));
      if (there == null) {
        return own;
      }
    }
  }

  private Result<V> fly(K key, Body<? extends V> body, Seat<K, V> first)
      throws InterruptedException {
    for (Seat<K, V> seat = first; ; seat = board(key)) {
      Flight<K, V> led = seat.led();
      if (led != null) {
        return lead(led, seat.call(), body);
      }
      Outcome<V> outcome = follow(seat.call());
      if (outcome != null) {
        return new Result<>(outcome, true);
      }
    }
  }

  private Result<V> lead(Flight<K, V> flight, Call<V> call, Body<? extends V> body)
      throws InterruptedException {
    Outcome<V> outcome = null;
    boolean shared = false;
    call.leader = Thread.currentThread().threadId();
    try {
      outcome = new Success<>(body.run());
    } catch (InterruptedException | CancellationException e) {
      throw e;
    } catch (Throwable e) {
      outcome = new Failure<>(e);
    } finally {
      shared = land(flight, call, outcome);
    }
    return new Result<>(outcome, shared);
  }

  private boolean land(Flight<K, V> flight, Call<V> call, @Nullable Outcome<V> outcome) {
    flights.remove(flight.key, flight);
    call.outcome = outcome;
    call.leader = 0;
    return call.land();
  }

  /** Waits for the end of a call that was joined; null when it was cancelled. */
  private @Nullable Outcome<V> follow(Call<V> call) throws InterruptedException {
    boolean waited = false;
    try {
      call.flying.await(Place.FOREVER, WaitReason.SINGLE_FLIGHT_DO, call);
      waited = true;
    } finally {
      if (!waited) {
        call.leave();
      }
    }
    return call.outcome;
  }

  /** Takes out of the map what can never land. */
  @SuppressWarnings("unchecked") // only flights of this map are registered with its queue
  private void purge() {
    for (Reference<? extends Call<V>> r; (r = lost.poll()) != null; ) {
      Flight<K, V> flight = (Flight<K, V>) r;
      flights.remove(flight.key, flight);
    }
  }

  /** How many wait for the call of a key. For tests. */
  int waiting(K key) {
    Flight<K, V> there = flights.get(key);
    Call<V> call = there == null ? null : there.get();
    return call == null ? 0 : call.followers();
  }

  /** As {@code SingleFlight(2 in flight)}, for people. */
  @Override
  public String toString() {
    return "SingleFlight(" + flights.size() + " in flight)";
  }
}
