package dev.selvage;

import dev.selvage.internal.Alarms;
import dev.selvage.internal.Interrupts;
import dev.selvage.internal.Obstacles;
import dev.selvage.internal.Obstacles.LastActor;
import dev.selvage.internal.Pulses;
import dev.selvage.internal.SpinLock;
import dev.selvage.internal.Timeout;
import dev.selvage.internal.Waiter;
import dev.selvage.observe.WaitReason;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A typed pipe between threads, virtual or platform, with the semantics of Go's {@code chan}. With
 * a buffer of n values the first n sends do not block; without one, sender and receiver meet.
 * Values arrive in the order in which they were sent, and blocked senders and receivers are served
 * in the order in which they came.
 *
 * <p>Any number of threads may send, receive and close at the same time. A blocked operation costs
 * nothing but memory, and is held by nothing but the channel: when no one can reach the channel any
 * more, the threads blocked on it are garbage, which is what makes a leak provable.
 *
 * @param <T> what goes through it; {@code null} never does
 */
public final class Channel<T> implements SendChannel<T>, ReceiveChannel<T> {
  /*
   * Go's design (runtime/chan.go): one short lock, a ring, two queues of waiting operations.
   *
   * Invariants, under the lock
   *  1. At least one of senders and receivers is empty, except that a single select may wait on
   *     both sides of the same channel.
   *  2. Somebody waits to receive only when the ring is empty, and to send only when it is full.
   *  3. A value is handed directly to a waiting receiver. A receiver that finds the ring full takes
   *     the oldest value and puts the oldest waiting sender's value in its place.
   *  4. Nobody waits once closed is true, and closed never becomes false again.
   *  5. Who takes a node out of a queue claims its waiter, writes the outcome into the node, and
   *     wakes it. So an operation happened exactly if its waiter was finished by its node; one that
   *     is interrupted or timed out claims its own waiter, and then did not happen.
   *
   * A select holds the locks of all its channels at once; it takes them in the order of their ids.
   *
   * A timer's channel has a ring of one, which it denies, and a pulse that fills it. The pulse is
   * in the timer queue only while somebody waits here (see TimerPulse), so that a forgotten ticker
   * and its channel are garbage.
   *
   * A waiter is reachable from its channel, and from the timer queue while its wait is limited in
   * time; from nowhere else. The channel that is never ready queues nobody.
   *
   * Who came last to either side is noted for tools that explain a leak; nothing here depends on it.
   * It is a number and no reference, so that a channel keeps no thread alive. It is written by who
   * comes, whether it finds a partner, waits, or gives up: a receiver whose time was over is the one
   * that a sender waits for in vain.
   */

  /** An operation without a time limit. */
  private static final long FOREVER = Long.MAX_VALUE;

  /** What an attempt to receive yields when there was nothing in the time allowed. */
  private static final Object NOTHING = new Object();

  private static final AtomicLong IDS = new AtomicLong();
  private static final Channel<Object> NEVER = new Channel<>(0, null);
  private static final Channel<Object> CLOSED = new Channel<>(0, null);

  static {
    CLOSED.closed = true;
    Pulses.setMaker(TimerPulse::new);
    Obstacles.add(new Arrivals());
  }

  /** The place of this channel in the order of locking. */
  final long id = IDS.getAndIncrement();

  final SpinLock lock = new SpinLock();
  private final @Nullable TimerPulse pulse;

  // Guarded by lock.
  private final @Nullable Object[] ring;
  private int head;
  private int count;
  private boolean closed;
  // The threads that came last, by their identifiers; 0 for nobody. Of a context's channel, to
  // which nobody sends, the first is who made the context, below zero.
  private long lastSender;
  private long lastReceiver;
  private final WaitQueue senders = new WaitQueue();
  private final WaitQueue receivers = new WaitQueue();

  Channel(int capacity, @Nullable TimerPulse pulse) {
    this.ring = new Object[capacity];
    this.pulse = pulse;
  }

  // --------------- Making ---------------

  /** Creates a channel without buffer: every send waits for its receiver. */
  public static <T> Channel<T> unbuffered() {
    return new Channel<>(0, null);
  }

  /**
   * Creates a channel with room for some values.
   *
   * @param capacity how many values can be sent before one is received; 0 for an unbuffered channel
   * @throws IllegalArgumentException when it is negative
   */
  public static <T> Channel<T> buffered(int capacity) {
    if (capacity < 0) {
      throw new IllegalArgumentException("makechan: size out of range: " + capacity);
    }
    return new Channel<>(capacity, null);
  }

  /**
   * The channel that is never ready (Go's nil channel): sends and receives block for ever, a select
   * passes over it, and it cannot be closed.
   */
  @SuppressWarnings("unchecked") // no value ever goes through it
  public static <T> Channel<T> never() {
    return (Channel<T>) NEVER;
  }

  /** The channel that is closed when a context of the current thread's making is done. */
  static Channel<Void> ofContext() {
    Channel<Void> channel = unbuffered();
    channel.lastSender = -Thread.currentThread().threadId();
    return channel;
  }

  /** A channel that is closed and empty. */
  @SuppressWarnings("unchecked") // no value ever goes through it
  static <T> Channel<T> closed() {
    return (Channel<T>) CLOSED;
  }

  /** The channel itself, of whichever side. */
  @SuppressWarnings("unchecked") // what comes out of a Channel<? extends T> is a T
  static <T> Channel<T> of(ReceiveChannel<? extends T> side) {
    return (Channel<T>)
        switch (side) {
          case Channel<? extends T> channel -> channel;
          case ReceiveOnly<? extends T> view -> view.channel;
        };
  }

  /** The channel itself, of whichever side. */
  @SuppressWarnings("unchecked") // what a Channel<? super T> takes may be a T
  static <T> Channel<T> of(SendChannel<? super T> side) {
    return (Channel<T>)
        switch (side) {
          case Channel<? super T> channel -> channel;
          case SendOnly<? super T> view -> view.channel;
        };
  }

  /** This channel for those who may only send (and close); cannot be cast back. */
  public SendChannel<T> sendOnly() {
    return new SendOnly<>(this);
  }

  /** This channel for those who may only receive; cannot be cast back. */
  public ReceiveChannel<T> receiveOnly() {
    return new ReceiveOnly<>(this);
  }

  // --------------- Sending ---------------

  @Override
  public void send(T value) throws InterruptedException {
    Interrupts.check();
    send(value, FOREVER);
  }

  @Override
  public boolean send(T value, Duration timeout) throws InterruptedException {
    long nanos = Alarms.nanos(timeout);
    Interrupts.check();
    return send(value, nanos);
  }

  @Override
  public boolean trySend(T value) {
    try {
      return send(value, 0);
    } catch (InterruptedException e) {
      throw new AssertionError("a send that does not wait was interrupted", e);
    }
  }

  private boolean send(T value, long timeout) throws InterruptedException {
    Objects.requireNonNull(value, "null is never a value of a channel");
    if (isNever()) {
      waitForNothing(WaitReason.CHAN_SEND_NIL, timeout);
      return false;
    }
    Node receiver;
    Node self = null;
    lock.lock();
    try {
      if (closed) {
        throw ClosedChannelException.onSend();
      }
      lastSender = Thread.currentThread().threadId();
      receiver = receivers.claimFirst();
      if (!put(value, receiver)) {
        if (timeout <= 0) {
          return false;
        }
        self = new Node(new Waiter(WaitReason.CHAN_SEND, this), this, true);
        self.item = value;
        senders.add(self);
      }
    } finally {
      lock.unlock();
    }
    if (receiver != null) {
      receiver.wake();
    }
    if (self != null) {
      if (!await(self, timeout)) {
        return false;
      }
      if (self.closed) {
        throw ClosedChannelException.onSend();
      }
    }
    return true;
  }

  // --------------- Receiving ---------------

  @Override
  public T receive() throws InterruptedException {
    Interrupts.check();
    T value = cast(receive(FOREVER));
    if (value == null) {
      throw ClosedChannelException.onReceive();
    }
    return value;
  }

  @Override
  public @Nullable T receiveOrNull() throws InterruptedException {
    Interrupts.check();
    return cast(receive(FOREVER));
  }

  @Override
  public Optional<T> receive(Duration timeout) throws InterruptedException {
    long nanos = Alarms.nanos(timeout);
    Interrupts.check();
    return optional(receive(nanos));
  }

  @Override
  public Optional<T> tryReceive() {
    try {
      return optional(receive(0));
    } catch (InterruptedException e) {
      throw new AssertionError("a receive that does not wait was interrupted", e);
    }
  }

  /** A value, or null when closed and drained, or {@link #NOTHING} when the time was over. */
  private @Nullable Object receive(long timeout) throws InterruptedException {
    if (isNever()) {
      waitForNothing(WaitReason.CHAN_RECEIVE_NIL, timeout);
      return NOTHING;
    }
    Node sender;
    Object value;
    Node self = null;
    lock.lock();
    try {
      if (pulse != null) {
        pulse.runIfDue();
      }
      lastReceiver = Thread.currentThread().threadId();
      sender = senders.claimFirst();
      value = take(sender);
      if (value == null) {
        if (closed) {
          return null;
        }
        if (timeout <= 0) {
          return NOTHING;
        }
        self = new Node(new Waiter(WaitReason.CHAN_RECEIVE, this), this, false);
        enqueue(self);
      }
    } finally {
      lock.unlock();
    }
    if (sender != null) {
      sender.wake();
    }
    if (self == null) {
      return value;
    }
    return await(self, timeout) ? self.item : NOTHING;
  }

  private Optional<T> optional(@Nullable Object received) {
    if (received == NOTHING) {
      return Optional.empty();
    }
    T value = cast(received);
    if (value == null) {
      throw ClosedChannelException.onReceive();
    }
    return Optional.of(value);
  }

  @SuppressWarnings("unchecked") // only send puts values in, and it is typed
  private @Nullable T cast(@Nullable Object value) {
    return (@Nullable T) value;
  }

  // --------------- Closing, and looking ---------------

  @Override
  public void close() {
    if (isNever()) {
      throw new ClosedChannelException("close of nil channel");
    }
    Node chain = null;
    lock.lock();
    try {
      if (closed) {
        throw new ClosedChannelException("close of closed channel");
      }
      closed = true;
      for (Node n; (n = receivers.claimFirst()) != null; ) {
        n.closed = true;
        n.item = null;
        n.next = chain;
        chain = n;
      }
      for (Node n; (n = senders.claimFirst()) != null; ) {
        n.closed = true;
        n.next = chain;
        chain = n;
      }
    } finally {
      lock.unlock();
    }
    while (chain != null) {
      Node n = chain;
      chain = n.next;
      n.next = null;
      n.wake(); // the owner may use it again from here on
    }
  }

  @Override
  public int len() {
    if (pulse != null) {
      return 0;
    }
    lock.lock();
    try {
      return count;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int cap() {
    return pulse != null ? 0 : ring.length;
  }

  /** As {@code chan(2/10)} or {@code chan(closed)}: values in the buffer and room for. */
  @Override
  public String toString() {
    if (isNever()) {
      return "chan(never)";
    }
    lock.lock();
    try {
      return "chan(" + (closed ? "closed, " : "") + (pulse != null ? 0 : count) + "/" + cap() + ")";
    } finally {
      lock.unlock();
    }
  }

  /** How many operations wait to receive now. */
  int receiverCount() {
    lock.lock();
    try {
      return receivers.size();
    } finally {
      lock.unlock();
    }
  }

  /** How many operations wait to send now. */
  int senderCount() {
    lock.lock();
    try {
      return senders.size();
    } finally {
      lock.unlock();
    }
  }

  boolean isNever() {
    return this == NEVER;
  }

  /**
   * Who came last to the other side of where somebody waits; null where it is a timer that sends,
   * or nobody ever will.
   *
   * @param sending whether he waits to send
   */
  @Nullable LastActor lastActor(boolean sending) {
    if (isNever() || pulse != null) {
      return null;
    }
    long thread;
    lock.lock();
    try {
      thread = sending ? lastReceiver : lastSender;
    } finally {
      lock.unlock();
    }
    return thread < 0
        ? new LastActor(-thread, this, "context made by")
        : new LastActor(thread, this, sending ? "last receiver" : "last sender");
  }

  // --------------- Without the lock: for Selection ---------------

  /** A guess whether an operation would not have to wait; nothing but a timer is overlooked. */
  boolean seemsReady(boolean sending) {
    return closed
        || (sending
            ? count < ring.length || !receivers.isEmpty()
            : count > 0 || !senders.isEmpty());
  }

  // --------------- Under the lock: for this class, Selection and TimerPulse ---------------

  /**
   * Carries out a select's case if that is possible at once. The outcome is in the node; its
   * partner is to be woken afterwards.
   */
  boolean attempt(Node self) {
    if (self.sending) {
      if (closed) {
        self.closed = true;
        return true;
      }
      lastSender = Thread.currentThread().threadId();
      Object value = Objects.requireNonNull(self.item);
      self.partner = receivers.claimFirst();
      return put(value, self.partner);
    }
    if (pulse != null) {
      pulse.runIfDue();
    }
    lastReceiver = Thread.currentThread().threadId();
    self.partner = senders.claimFirst();
    self.item = take(self.partner);
    self.closed = self.item == null && closed;
    return self.item != null || closed;
  }

  /** Lets an operation wait. */
  void enqueue(Node self) {
    if (self.sending) {
      senders.add(self);
    } else {
      receivers.add(self);
      if (pulse != null) {
        pulse.watch();
      }
    }
  }

  /** Lets an operation wait no longer, if it still does. */
  void dequeue(Node self) {
    if (self.queued) {
      if (self.sending) {
        senders.remove(self);
      } else {
        receivers.remove(self);
        if (pulse != null) {
          pulse.watch();
        }
      }
    }
  }

  /** Whether anybody waits to receive. */
  boolean isWatched() {
    return !receivers.isEmpty();
  }

  /**
   * Hands a value of the pulse to a waiting receiver, or keeps it; an older one that is kept stays.
   *
   * @return the receiver to wake
   */
  @Nullable Node pulse(Object value) {
    Node receiver = receivers.claimFirst();
    put(value, receiver);
    return receiver;
  }

  /** Forgets the value that the pulse left here. */
  boolean forget() {
    boolean had = count > 0;
    if (had) {
      ring[0] = null;
      count = 0;
      head = 0;
    }
    return had;
  }

  /** Gives a value to the receiver (claimed) or else into the ring; false when that is full. */
  private boolean put(Object value, @Nullable Node receiver) {
    if (receiver != null) {
      receiver.item = value;
      receiver.closed = false;
      return true;
    }
    if (count == ring.length) {
      return false;
    }
    int tail = head + count;
    ring[tail < ring.length ? tail : tail - ring.length] = value;
    count++;
    return true;
  }

  /**
   * Takes the oldest value; the oldest sender (claimed), if any, gets its value sent.
   *
   * @return null when there is no value
   */
  private @Nullable Object take(@Nullable Node sender) {
    Object sent = null;
    if (sender != null) {
      sent = sender.item;
      sender.closed = false;
    }
    if (count == 0) {
      return sent;
    }
    Object oldest = ring[head];
    ring[head] = sent; // with a sender the ring was full, so the head's place is the tail's too
    head = head + 1 < ring.length ? head + 1 : 0;
    if (sent == null) {
      count--;
    }
    return oldest;
  }

  // --------------- Waiting ---------------

  /** Waits for the outcome of a queued operation; false when the time was over before. */
  private static boolean await(Node self, long timeout) throws InterruptedException {
    Timeout limit = timeout == FOREVER ? null : Timeout.start(self.waiter, timeout);
    boolean finished = self.waiter.await();
    if (limit != null) {
      limit.stop();
    }
    if (self.waiter.winner() == self) {
      return true;
    }
    Channel<?> channel = self.channel;
    channel.lock.lock();
    try {
      channel.dequeue(self);
    } finally {
      channel.lock.unlock();
    }
    if (!finished) {
      throw new InterruptedException();
    }
    return false;
  }

  /** Waits for the end of a time, or for ever, held by nothing but the timer. */
  private void waitForNothing(WaitReason reason, long timeout) throws InterruptedException {
    if (timeout > 0) {
      Waits.pause(reason, this, timeout == FOREVER ? Alarms.NEVER : timeout);
    }
  }
}
