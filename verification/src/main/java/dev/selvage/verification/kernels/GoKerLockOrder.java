package dev.selvage.verification.kernels;

import static dev.selvage.Go.go;
import static dev.selvage.Select.otherwise;
import static dev.selvage.Select.receive;
import static dev.selvage.Select.select;

import dev.selvage.Channel;
import dev.selvage.Go;
import dev.selvage.sync.Mutex;
import dev.selvage.sync.RWMutex;
import dev.selvage.sync.WaitGroup;
import java.time.Duration;
import java.util.List;

/** Kernels of real bugs in which two locks are taken in two orders. */
public final class GoKerLockOrder {
  private GoKerLockOrder() {}

  /** Store before replica, and replica before store. */
  @Leak(at = "C10214.beats", reason = "sync.Mutex.Lock")
  @Leak(at = "C10214.replica", reason = "sync.Mutex.Lock")
  @Leak(at = "C10214.tick", reason = "sync.Mutex.Lock")
  @Leak(at = "C10214.store", reason = "sync.Mutex.Lock")
  public static final class Cockroach10214 implements Program {
    record Replica(Mutex raft, Mutex state) {
      Replica() {
        this(new Mutex(), new Mutex());
      }
    }

    private final Mutex store = new Mutex();
    private final List<Replica> replicas = List.of(new Replica(), new Replica());

    @Override
    public void start(Copy copy) {
      go(this::sendQueuedHeartbeats);
      go(() -> tick(replicas.getFirst(), copy.fixed()));
    }

    private void sendQueuedHeartbeats() throws InterruptedException {
      store.lock(); // LEAK C10214.beats
      for (int beat = 0; beat < 2; beat++) {
        for (var replica : replicas) {
          replica.raft.lock(); // LEAK C10214.replica
          Go.sleep(Duration.ofMillis(1));
          replica.raft.unlock();
        }
      }
      store.unlock();
    }

    private void tick(Replica replica, boolean fixed) throws InterruptedException {
      replica.raft.lock(); // LEAK C10214.tick
      replica.state.lock();
      if (fixed) {
        replica.state.unlock();
        replica.raft.unlock();
        coalesce();
      } else {
        coalesce();
        replica.state.unlock();
        replica.raft.unlock();
      }
    }

    private void coalesce() throws InterruptedException {
      for (int i = 0; i < 2; i++) {
        store.lock(); // LEAK C10214.store
        store.unlock();
      }
    }
  }

  /** Cacher before watch cache, and watch cache before cacher; unlocked in a callback. */
  @Leak(at = "K13135.replace", reason = "sync.RWMutex.Lock")
  @Leak(at = "K13135.again", reason = "sync.Mutex.Lock")
  @Leak(at = "K13135.event", reason = "sync.Mutex.Lock")
  @Leak(at = "K13135.add", reason = "sync.RWMutex.Lock")
  public static final class Kubernetes13135 implements Program {
    private final Mutex cacher = new Mutex();
    private final RWMutex cache = new RWMutex();
    private final WaitGroup initialized = new WaitGroup();
    private final Channel<Void> stop = Channel.unbuffered();
    private boolean usable;

    @Override
    public void start(Copy copy) {
      initialized.add(1);
      go(this::listAndWatch);
      go(
          () -> {
            initialized.await();
            go(() -> add(copy.fixed()));
            stop.close();
          });
    }

    private void listAndWatch() throws InterruptedException {
      while (!isClosed(stop)) {
        cacher.lock(); // LEAK K13135.again
        Chance.give();
        replace();
      }
    }

    private void replace() throws InterruptedException {
      cache.lock(); // LEAK K13135.replace
      onReplace();
      cache.unlock();
    }

    private void onReplace() {
      if (!usable) {
        usable = true;
        initialized.done();
      }
      cacher.unlock();
    }

    private void add(boolean fixed) throws InterruptedException {
      cache.lock(); // LEAK K13135.add
      if (fixed) {
        cache.unlock();
        onEvent();
      } else {
        onEvent();
        cache.unlock();
      }
    }

    private void onEvent() throws InterruptedException {
      cacher.lock(); // LEAK K13135.event
      cacher.unlock();
    }
  }

  /** Informer before queue, and queue before informer; a third waits behind. */
  @Leak(at = "K30872.start", reason = "sync.Mutex.Lock")
  @Leak(at = "K30872.pop", reason = "sync.Mutex.Lock")
  @Leak(at = "K30872.process", reason = "sync.Mutex.Lock")
  @Leak(at = "K30872.stop", reason = "sync.Mutex.Lock")
  @Leak(at = "K30872.add", reason = "sync.Mutex.Lock")
  @Leak(at = "K30872.queue", reason = "sync.Mutex.Lock")
  public static final class Kubernetes30872 implements Program {
    private final Mutex informer = new Mutex();
    private final Mutex queue = new Mutex();
    private final Channel<Void> inner = Channel.unbuffered();

    @Override
    public void start(Copy copy) {
      var outer = Channel.<Void>unbuffered();
      go(this::begin);
      go(() -> stop(outer));
      go(() -> add(copy.fixed()));
      go(outer::close);
    }

    private void begin() throws InterruptedException {
      informer.lock(); // LEAK K30872.start
      go(this::popLoop);
      Go.yield();
      informer.unlock();
    }

    private void popLoop() throws InterruptedException {
      while (!isClosed(inner)) {
        queue.lock(); // LEAK K30872.pop
        process();
        queue.unlock();
        Go.yield();
      }
    }

    private void process() throws InterruptedException {
      informer.lock(); // LEAK K30872.process
      informer.unlock();
    }

    private void stop(Channel<Void> outer) throws InterruptedException {
      outer.receiveOrNull();
      informer.lock(); // LEAK K30872.stop
      inner.close();
      informer.unlock();
    }

    private void add(boolean fixed) throws InterruptedException {
      informer.lock(); // LEAK K30872.add
      if (fixed) {
        informer.unlock();
        enqueue();
      } else {
        enqueue();
        informer.unlock();
      }
    }

    private void enqueue() throws InterruptedException {
      queue.lock(); // LEAK K30872.queue
      queue.unlock();
    }
  }

  /** The outer lock is let go for a moment, while the inner one is kept. */
  @Leak(at = "Moby4951.first", reason = "sync.Mutex.Lock", perCopy = 2)
  @Leak(at = "Moby4951.device", reason = "sync.Mutex.Lock", perCopy = 2)
  @Leak(at = "Moby4951.set", reason = "sync.Mutex.Lock", perCopy = 2)
  public static final class Moby4951 implements Program {
    private final Mutex set = new Mutex();
    private final Mutex device = new Mutex();

    @Override
    public void start(Copy copy) {
      for (int i = 0; i < 2; i++) {
        go(() -> deleteDevice(copy.fixed()));
      }
    }

    private void deleteDevice(boolean fixed) throws InterruptedException {
      set.lock(); // LEAK Moby4951.first
      device.lock(); // LEAK Moby4951.device
      Go.yield();
      set.unlock();
      Go.sleep(Duration.ofNanos(300));
      if (fixed) {
        device.unlock();
        set.lock();
      } else {
        set.lock(); // LEAK Moby4951.set
        device.unlock();
      }
      set.unlock();
    }
  }

  private static boolean isClosed(Channel<Void> channel) throws InterruptedException {
    return select(receive(channel, _ -> true).orClosed(() -> true), otherwise(() -> false));
  }
}
