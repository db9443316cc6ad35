package dev.selvage;

import dev.selvage.internal.Alarms;
import dev.selvage.observe.WaitReason;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Waits for several channels at once and carries out exactly one operation: uniformly at random
 * among those that are ready, or else the one that becomes ready first.
 *
 * <p>The expression form yields what the chosen case yields, and passes on what it throws:
 *
 * <pre>{@code
 * String s = select(
 *     receive(data, v -> "got " + v).orClosed(() -> "closed"),
 *     send(out, 42, () -> "sent"),
 *     done(ctx, cause -> "cancelled: " + cause),
 *     after(Duration.ofSeconds(2), () -> "timeout"));
 * }</pre>
 *
 * <p>The reusable form, an object of this class, is built once and used by one thread at a time,
 * for loops that should allocate nothing:
 *
 * <pre>{@code
 * var sel = Select.create();
 * var in = sel.receive(ch);
 * var stop = sel.receive(ctx.done());
 * for (;;) {
 *   var hit = sel.await();
 *   if (hit == stop || in.closed()) break;
 *   use(in.value());
 * }
 * }</pre>
 *
 * <p>Once built, that allocates nothing, whether a case is ready or it waits, but for the time
 * limit of the first wait that has one in a thread. The exception is a virtual thread that is no
 * goroutine: tools list it only while it waits, so each wait makes its entry in the list; a
 * goroutine gets its entry at its first wait, for good. The expression form makes a few small
 * objects each time: two or three for each case, seven for all of them together (ten from five
 * cases on), and one more when it waits with a time limit; besides what its lambdas capture.
 *
 * <p>The same channel may stand in several cases. A channel that is never ready ({@link
 * Channel#never}) is passed over. An interrupt before any case was carried out ends the wait with
 * an {@link InterruptedException}, and then none was.
 */
public final class Select {
  private final Selection selection = new Selection();

  private Select() {}

  // --------------- Expression form ---------------

  /**
   * Carries out one of the cases and yields what it yields; blocks until one is ready, unless there
   * is an {@link #otherwise} or an {@link #after}. Without any case it blocks for ever.
   *
   * @throws InterruptedException when interrupted before a case was carried out
   * @throws ClosedChannelException when the case chosen sends on a closed channel, or receives from
   *     one that is closed and drained without saying what then ({@link ReceiveCase#orClosed})
   * @throws IllegalArgumentException when there is more than one {@code otherwise}
   */
  @SafeVarargs
  public static <R extends @Nullable Object, X extends Exception> R select(
      Case<? extends R, ? extends X>... cases) throws X, InterruptedException {
    Selection selection =
        new Selection(cases.length == 0 ? WaitReason.SELECT_NO_CASES : WaitReason.SELECT);
    @Nullable Node[] nodes = new Node[cases.length];
    IdleCase<? extends R, ? extends X> idle = null;
    for (int i = 0; i < cases.length; i++) {
      if (cases[i] instanceof IdleCase<? extends R, ? extends X> next) {
        idle = IdleCase.sooner(idle, next);
      } else {
        nodes[i] = cases[i].addTo(selection);
      }
    }
    Node hit = selection.await(idle == null ? Long.MAX_VALUE : idle.limit);
    for (int i = 0; hit != null && i < nodes.length; i++) {
      if (nodes[i] == hit) {
        return cases[i].outcome(hit);
      }
    }
    return Objects.requireNonNull(idle, "a select without time limit ended without a case").get();
  }

  /**
   * A case that receives a value. When the channel is closed and drained the case is ready too, and
   * throws {@link ClosedChannelException} unless {@link ReceiveCase#orClosed} says what then.
   */
  public static <T, R extends @Nullable Object, X extends Exception> ReceiveCase<R, X> receive(
      ReceiveChannel<? extends T> channel, Use<? super T, ? extends R, ? extends X> then) {
    return new ReceiveCase<>(Channel.of(channel), then, null);
  }

  /** A case that sends a value; on a closed channel it throws {@link ClosedChannelException}. */
  public static <T, R extends @Nullable Object, X extends Exception> Case<R, X> send(
      SendChannel<? super T> channel, T value, Then<? extends R, ? extends X> then) {
    Objects.requireNonNull(value, "null is never a value of a channel");
    return new SendCase<>(Channel.of(channel), value, then);
  }

  /** A case that is ready once a context is done; it is given the cause. */
  public static <R extends @Nullable Object, X extends Exception> Case<R, X> done(
      Context context, Use<? super Throwable, ? extends R, ? extends X> then) {
    return new DoneCase<>(context, then);
  }

  /** A case that is ready when no other was for that time. */
  public static <R extends @Nullable Object, X extends Exception> Case<R, X> after(
      Duration time, Then<? extends R, ? extends X> then) {
    return new IdleCase<>(Math.max(0, Alarms.nanos(time)), then);
  }

  /** The case for when no other is ready at once (Go's default). */
  public static <R extends @Nullable Object, X extends Exception> Case<R, X> otherwise(
      Then<? extends R, ? extends X> then) {
    return new IdleCase<>(IdleCase.AT_ONCE, then);
  }

  /** What to do with a value. */
  @FunctionalInterface
  public interface Use<T, R extends @Nullable Object, X extends Exception> {
    /** Does it. */
    R apply(T value) throws X;
  }

  /** What to do without a value. */
  @FunctionalInterface
  public interface Then<R extends @Nullable Object, X extends Exception> {
    /** Does it. */
    R get() throws X;
  }

  /** One case of the expression form. */
  public abstract static sealed class Case<R extends @Nullable Object, X extends Exception>
      permits ReceiveCase, SendCase, DoneCase, IdleCase {
    private Case() {}

    abstract @Nullable Node addTo(Selection selection);

    abstract R outcome(Node node) throws X;
  }

  /** A case that receives. */
  public static final class ReceiveCase<R extends @Nullable Object, X extends Exception>
      extends Case<R, X> {
    private final Channel<?> channel;
    private final Use<?, ? extends R, ? extends X> then;
    private final @Nullable Then<? extends R, ? extends X> closed;

    private ReceiveCase(
        Channel<?> channel,
        Use<?, ? extends R, ? extends X> then,
        @Nullable Then<? extends R, ? extends X> closed) {
      this.channel = channel;
      this.then = then;
      this.closed = closed;
    }

    /** The same case, which knows what to do when the channel is closed and drained. */
    public ReceiveCase<R, X> orClosed(Then<? extends R, ? extends X> then) {
      return new ReceiveCase<>(channel, this.then, then);
    }

    @Override
    Node addTo(Selection selection) {
      return selection.add(channel, false);
    }

    @Override
    @SuppressWarnings("unchecked") // receive() tied the types together
    R outcome(Node node) throws X {
      if (!node.closed) {
        return ((Use<Object, ? extends R, ? extends X>) then)
            .apply(Objects.requireNonNull(node.item));
      }
      if (closed == null) {
        throw ClosedChannelException.onReceive();
      }
      return closed.get();
    }
  }

  private static final class SendCase<R extends @Nullable Object, X extends Exception>
      extends Case<R, X> {
    private final Channel<?> channel;
    private final Object value;
    private final Then<? extends R, ? extends X> then;

    SendCase(Channel<?> channel, Object value, Then<? extends R, ? extends X> then) {
      this.channel = channel;
      this.value = value;
      this.then = then;
    }

    @Override
    Node addTo(Selection selection) {
      Node node = selection.add(channel, true);
      node.item = value;
      return node;
    }

    @Override
    R outcome(Node node) throws X {
      if (node.closed) {
        throw ClosedChannelException.onSend();
      }
      return then.get();
    }
  }

  private static final class DoneCase<R extends @Nullable Object, X extends Exception>
      extends Case<R, X> {
    private final Context context;
    private final Use<? super Throwable, ? extends R, ? extends X> then;

    DoneCase(Context context, Use<? super Throwable, ? extends R, ? extends X> then) {
      this.context = context;
      this.then = then;
    }

    @Override
    Node addTo(Selection selection) {
      return selection.add(Channel.of(context.done()), false);
    }

    @Override
    R outcome(Node node) throws X {
      return then.apply(Objects.requireNonNull(context.cause(), "a done context has a cause"));
    }
  }

  /** What counts when no other case is ready in time. */
  private static final class IdleCase<R extends @Nullable Object, X extends Exception>
      extends Case<R, X> {
    static final long AT_ONCE = -1;

    final long limit;
    private final Then<? extends R, ? extends X> then;

    IdleCase(long limit, Then<? extends R, ? extends X> then) {
      this.limit = limit;
      this.then = then;
    }

    static <C extends IdleCase<?, ?>> C sooner(@Nullable C a, C b) {
      if (a == null) {
        return b;
      }
      if (a.limit == AT_ONCE && b.limit == AT_ONCE) {
        throw new IllegalArgumentException("a select can have only one otherwise");
      }
      return a.limit <= b.limit ? a : b;
    }

    @Override
    @Nullable Node addTo(Selection selection) {
      return null;
    }

    @Override
    R outcome(Node node) throws X {
      throw new AssertionError("this case is on no channel");
    }

    R get() throws X {
      return then.get();
    }
  }

  // --------------- Reusable form ---------------

  /** Creates a select without cases. */
  public static Select create() {
    return new Select();
  }

  /** Adds a case that receives. */
  public <T> Receiving<T> receive(ReceiveChannel<T> channel) {
    return add(new Receiving<>(selection.add(Channel.of(channel), false)));
  }

  /** Adds a case that sends a value; {@link Sending#next} sets another one. */
  public <T> Sending<T> send(SendChannel<? super T> channel, T value) {
    Sending<T> arm = new Sending<>(selection.add(Channel.of(channel), true));
    arm.next(value);
    return add(arm);
  }

  /**
   * Carries out one of the cases; blocks until one is ready.
   *
   * @return the case, with its outcome
   * @throws InterruptedException when interrupted before a case was carried out
   * @throws ClosedChannelException when the case chosen sends, and its channel is closed
   */
  public Arm await() throws InterruptedException {
    Arm hit = arm(selection.await(Long.MAX_VALUE));
    return Objects.requireNonNull(hit, "a select without time limit ended without a case");
  }

  /**
   * Carries out one of the cases; blocks for a limited time, and not at all when that is zero.
   *
   * @return the case, with its outcome, or null when the time was over before one was ready
   * @throws InterruptedException when interrupted before a case was carried out
   * @throws ClosedChannelException when the case chosen sends, and its channel is closed
   */
  public @Nullable Arm await(Duration timeout) throws InterruptedException {
    return arm(selection.await(Alarms.nanos(timeout)));
  }

  private <A extends Arm> A add(A arm) {
    arm.node.arm = arm;
    return arm;
  }

  private static @Nullable Arm arm(@Nullable Node hit) {
    if (hit == null) {
      return null;
    }
    if (hit.sending && hit.closed) {
      throw ClosedChannelException.onSend();
    }
    return hit.arm;
  }

  /** One case of the reusable form. Belongs to the thread that uses the select. */
  public abstract static sealed class Arm permits Receiving, Sending {
    final Node node;

    private Arm(Node node) {
      this.node = node;
    }

    /**
     * Leaves the case out (as setting a channel variable to nil does in Go), or takes it in again.
     */
    public final void enable(boolean enabled) {
      node.enabled = enabled;
    }
  }

  /** A case that receives. */
  public static final class Receiving<T> extends Arm {
    private Receiving(Node node) {
      super(node);
    }

    /** Whether the case, when it was last carried out, found its channel closed and drained. */
    public boolean closed() {
      return node.closed;
    }

    /**
     * What was received when the case was last carried out.
     *
     * @throws ClosedChannelException when the channel was closed and drained
     * @throws IllegalStateException when the case has not been carried out yet
     */
    @SuppressWarnings("unchecked") // Select.receive tied the types together
    public T value() {
      Object value = node.item;
      if (node.closed) {
        throw ClosedChannelException.onReceive();
      }
      if (value == null) {
        throw new IllegalStateException("this case was not the one that was carried out");
      }
      return (T) value;
    }
  }

  /** A case that sends. */
  public static final class Sending<T> extends Arm {
    private Sending(Node node) {
      super(node);
    }

    /** Sets what is sent from now on. */
    public void next(T value) {
      node.item = Objects.requireNonNull(value, "null is never a value of a channel");
    }
  }
}
