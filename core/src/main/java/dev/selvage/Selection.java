package dev.selvage;

import dev.selvage.internal.Interrupts;
import dev.selvage.internal.Obstacles.LastActor;
import dev.selvage.internal.SpinLock;
import dev.selvage.internal.Timeout;
import dev.selvage.internal.Waiter;
import dev.selvage.observe.WaitReason;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The engine of select: a set of cases, of which {@link #await} carries out exactly one. Belongs to
 * one thread at a time.
 */
final class Selection implements Waiter.Several {
  /*
   * Go's design (runtime/select.go), after a first try that spares most of the locks:
   *  0. Go through the cases in random order, and lock and try each that looks ready without its
   *     lock. Whichever is carried out was ready, and as likely as every other one that was.
   *  1. Take the locks of all channels, each once, in the order of their ids.
   *  2. Go through the cases in random order; the first that is ready is carried out. Since all
   *     locks are held, "none is ready" is true of one moment, and every ready case is as likely.
   *  3. If none is, queue all of them, give the locks back, and park. Nobody can take a case of
   *     this selection between 2 and 3, so a selection never has to claim two waiters at once.
   *  4. One waiter serves all cases, so only one other thread can claim it. Afterwards the cases
   *     that lost are taken out of their queues, one lock at a time.
   *
   * All nodes are out of all queues, and the timer does not touch the waiter, whenever await() is
   * not running; so nodes, waiter and time limit can be used again.
   */
  private static final int INITIAL = 4;

  /** How often locks are given back because the next one is taken. */
  private static final int PATIENCE = 8;

  private final Waiter waiter;
  private Node[] cases = new Node[INITIAL];
  private int[] order = new int[INITIAL];
  private int size;
  // The channels, each once, by id.
  private Channel<?>[] channels = new Channel<?>[INITIAL];
  private int distinct;
  // That of the last wait that had one; stopped while await() is not running.
  private @Nullable Timeout limit;

  /** Creates a selection without cases, for the current thread. */
  Selection() {
    this(WaitReason.SELECT);
  }

  Selection(WaitReason reason) {
    waiter = new Waiter(reason, this);
    waiter.end();
  }

  /** Adds a case; one on a channel that is never ready will just never be chosen. */
  Node add(Channel<?> channel, boolean sending) {
    Node node = new Node(waiter, channel, sending);
    if (channel.isNever()) {
      return node;
    }
    if (size == cases.length) {
      cases = Arrays.copyOf(cases, size * 2);
      order = Arrays.copyOf(order, size * 2);
      channels = Arrays.copyOf(channels, size * 2);
    }
    order[size] = size;
    cases[size++] = node;
    insert(channel);
    return node;
  }

  private void insert(Channel<?> channel) {
    int i = distinct;
    while (i > 0 && channels[i - 1].id > channel.id) {
      i--;
    }
    if (i > 0 && channels[i - 1] == channel) {
      return;
    }
    System.arraycopy(channels, i, channels, i + 1, distinct - i);
    channels[i] = channel;
    distinct++;
  }

  /**
   * Carries out one of the enabled cases; the outcome is in its node.
   *
   * @param timeout nanoseconds; 0 for what is possible at once, {@link Long#MAX_VALUE} for no limit
   * @return null when the time was over before
   * @throws InterruptedException when interrupted before; then no case was carried out
   */
  @Nullable Node await(long timeout) throws InterruptedException {
    Interrupts.check();
    shuffle();
    Node ready = attemptOneByOne();
    Timeout limited = null;
    if (ready == null) {
      limited = timeout <= 0 ? null : limit(timeout);
      lock();
      try {
        ready = attempt();
        if (ready == null) {
          if (timeout <= 0) {
            return null;
          }
          enqueue();
        }
      } finally {
        unlock();
      }
    }
    if (ready == null) {
      return size == 0 ? waitForNothing(limited) : park(limited);
    }
    Node partner = ready.partner;
    if (partner != null) {
      ready.partner = null;
      partner.wake();
    }
    return ready;
  }

  /** Sets the time limit of a wait to come. Before cases are queued, as then nothing may fail. */
  private @Nullable Timeout limit(long nanos) {
    Timeout next = Timeout.after(limit, nanos);
    if (next != null) {
      limit = next;
    }
    return next;
  }

  /** Tries what looks ready, with one lock at a time. */
  private @Nullable Node attemptOneByOne() {
    for (int i = 0; i < size; i++) {
      Node node = cases[order[i]];
      Channel<?> channel = node.channel;
      if (node.enabled && channel.seemsReady(node.sending)) {
        channel.lock.lock();
        try {
          if (channel.attempt(node)) {
            return node;
          }
        } finally {
          channel.lock.unlock();
        }
      }
    }
    return null;
  }

  private @Nullable Node attempt() {
    for (int i = 0; i < size; i++) {
      Node node = cases[order[i]];
      if (node.enabled && node.channel.attempt(node)) {
        return node;
      }
    }
    return null;
  }

  private void enqueue() {
    waiter.begin();
    for (int i = 0; i < size; i++) {
      Node node = cases[i];
      if (node.enabled) {
        node.channel.enqueue(node);
      }
    }
  }

  /** Waits without any case. Its frame tells tools so, as that of a channel's does. */
  private @Nullable Node waitForNothing(@Nullable Timeout limited) throws InterruptedException {
    return park(limited);
  }

  private @Nullable Node park(@Nullable Timeout limited) throws InterruptedException {
    // Not by Timeout.await: its frames would lie on the stack of all that wait.
    if (limited != null) {
      limited.begin(waiter);
    }
    boolean finished = waiter.await();
    if (limited != null) {
      limited.stop();
    }
    Object winner = waiter.winner();
    for (int i = 0; i < size; i++) {
      Node node = cases[i];
      if (node != winner && node.enabled) {
        Channel<?> channel = node.channel;
        channel.lock.lock();
        try {
          channel.dequeue(node);
        } finally {
          channel.lock.unlock();
        }
      }
    }
    waiter.end();
    if (!finished) {
      throw new InterruptedException();
    }
    return winner instanceof Node node ? node : null;
  }

  @Override
  public List<Object> objects() {
    List<Object> channels = new ArrayList<>();
    for (Node node : enabled()) {
      if (!channels.contains(node.channel)) {
        channels.add(node.channel);
      }
    }
    return channels;
  }

  /** Who came last to the other side of each case's channel. Any thread may ask. */
  List<LastActor> lastActors() {
    List<LastActor> actors = new ArrayList<>();
    for (Node node : enabled()) {
      LastActor actor = node.channel.lastActor(node.sending);
      if (actor != null) {
        actors.add(actor);
      }
    }
    return actors;
  }

  /** The cases that take part, for tools. */
  private List<Node> enabled() {
    // Written by the owner only while it does not wait, so a tool sees all of it or else nothing
    // that it could not use.
    Node[] nodes = cases;
    List<Node> enabled = new ArrayList<>();
    for (int i = 0; i < Math.min(size, nodes.length); i++) {
      Node node = nodes[i];
      if (node != null && node.enabled) {
        enabled.add(node);
      }
    }
    return enabled;
  }

  private void shuffle() {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    for (int i = size - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int swapped = order[i];
      order[i] = order[j];
      order[j] = swapped;
    }
  }

  /*
   * Nobody should give way with a lock in hand: others might have to wait until he is scheduled
   * again. So who does not get the next one gives all back and waits for that one alone; but not
   * for ever, since between busy channels that might never come to an end.
   */
  private void lock() {
    int tries = 0;
    for (int i = 0; i < distinct; i++) {
      SpinLock lock = channels[i].lock;
      if (tries < PATIENCE && i > 0) {
        if (!lock.tryLock()) {
          tries++;
          unlock(i);
          lock.lock();
          lock.unlock();
          i = -1;
        }
      } else {
        lock.lock();
      }
    }
  }

  private void unlock() {
    unlock(distinct);
  }

  private void unlock(int locked) {
    for (int i = locked - 1; i >= 0; i--) {
      channels[i].lock.unlock();
    }
  }
}
