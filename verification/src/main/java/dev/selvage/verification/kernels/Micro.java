package dev.selvage.verification.kernels;

import static dev.selvage.Go.go;
import static dev.selvage.Select.otherwise;
import static dev.selvage.Select.receive;
import static dev.selvage.Select.select;
import static dev.selvage.Select.send;

import dev.selvage.Channel;
import dev.selvage.Go;
import dev.selvage.sync.Mutex;
import dev.selvage.sync.RWMutex;

/** The smallest leaks there are, one primitive each, and one control. */
public final class Micro {
  private Micro() {}

  /** Receives on a channel that is never ready. */
  @Leak(at = "NilRecv", reason = "chan receive (nil chan)")
  public static final class NilRecv implements Program {
    @Override
    public void start(Copy copy) {
      Channel<Integer> chan = copy.fixed() ? Channel.unbuffered() : Channel.never();
      go(
          () -> {
            chan.receive(); // LEAK NilRecv
          });
      if (copy.fixed()) {
        go(() -> chan.send(1));
      }
    }
  }

  /** Sends on a channel that is never ready. */
  @Leak(at = "NilSend", reason = "chan send (nil chan)")
  public static final class NilSend implements Program {
    @Override
    public void start(Copy copy) {
      Channel<Integer> chan = copy.fixed() ? Channel.unbuffered() : Channel.never();
      go(
          () -> {
            chan.send(1); // LEAK NilSend
          });
      if (copy.fixed()) {
        go(chan::receive);
      }
    }
  }

  /** Selects among nothing. */
  @Leak(at = "SelectNoCases", reason = "select (no cases)")
  public static final class SelectNoCases implements Program {
    @Override
    public void start(Copy copy) {
      go(
          () -> {
            if (copy.fixed()) {
              select(otherwise(() -> true));
            } else {
              select(); // LEAK SelectNoCases
            }
          });
    }
  }

  /** Receives where nobody sends. */
  @Leak(at = "ChanRecv", reason = "chan receive")
  public static final class ChanRecv implements Program {
    @Override
    public void start(Copy copy) {
      go(
          () -> {
            var chan = Channel.<Integer>unbuffered();
            if (copy.fixed()) {
              chan.close();
            }
            chan.receiveOrNull(); // LEAK ChanRecv
          });
    }
  }

  /** Sends where nobody receives. */
  @Leak(at = "ChanSend", reason = "chan send")
  public static final class ChanSend implements Program {
    @Override
    public void start(Copy copy) {
      go(
          () -> {
            var chan = copy.fixed() ? Channel.<Integer>buffered(1) : Channel.<Integer>unbuffered();
            chan.send(1); // LEAK ChanSend
          });
    }
  }

  /** Selects among channels that nobody else knows. */
  @Leak(at = "Select", reason = "select")
  public static final class Select implements Program {
    @Override
    public void start(Copy copy) {
      go(
          () -> {
            var out = Channel.<Integer>unbuffered();
            var in = Channel.<Integer>unbuffered();
            if (copy.fixed()) {
              go(out::receive);
            }
            select( // LEAK Select
                send(out, 1, () -> 1), receive(in, v -> v));
          });
    }
  }

  /** Adds one and waits for it itself. */
  @Leak(at = "WaitGroup", reason = "sync.WaitGroup.Wait")
  public static final class WaitGroup implements Program {
    @Override
    public void start(Copy copy) {
      go(
          () -> {
            var group = new dev.selvage.sync.WaitGroup();
            group.add(1);
            if (copy.fixed()) {
              group.done();
            }
            group.await(); // LEAK WaitGroup
          });
    }
  }

  /** Locks a local mutex twice. */
  @Leak(at = "MutexStack", reason = "sync.Mutex.Lock")
  public static final class MutexStack implements Program {
    @Override
    public void start(Copy copy) {
      go(
          () -> {
            var mutex = new Mutex();
            mutex.lock();
            if (copy.fixed()) {
              mutex.unlock();
            }
            mutex.lock(); // LEAK MutexStack
          });
    }
  }

  /** A child locks twice what its parent made, and the parent has ended. */
  @Leak(at = "MutexHeap", reason = "sync.Mutex.Lock")
  public static final class MutexHeap implements Program {
    @Override
    public void start(Copy copy) {
      go(
          () -> {
            var mutex = new Mutex();
            go(
                () -> {
                  mutex.lock();
                  if (copy.fixed()) {
                    mutex.unlock();
                  }
                  mutex.lock(); // LEAK MutexHeap
                });
          });
    }
  }

  /** Waits for a condition that nobody signals. */
  @Leak(at = "Cond", reason = "sync.Cond.Wait")
  public static final class Cond implements Program {
    private boolean ready;

    @Override
    public void start(Copy copy) {
      go(
          () -> {
            var mutex = new Mutex();
            var cond = new dev.selvage.sync.Cond(mutex);
            if (copy.fixed()) {
              go(
                  () -> {
                    mutex.withLock(() -> ready = true);
                    cond.signal();
                  });
            }
            mutex.lock();
            while (!ready) {
              cond.await(); // LEAK Cond
            }
            mutex.unlock();
          });
    }
  }

  /** Reads under its own write lock. */
  @Leak(at = "RWMutexRLock", reason = "sync.RWMutex.RLock")
  public static final class RWMutexRLock implements Program {
    @Override
    public void start(Copy copy) {
      go(
          () -> {
            var mutex = new RWMutex();
            mutex.lock();
            if (copy.fixed()) {
              mutex.unlock();
            }
            mutex.rLock(); // LEAK RWMutexRLock
          });
    }
  }

  /** Writes under its own write lock. */
  @Leak(at = "RWMutexLock", reason = "sync.RWMutex.Lock")
  public static final class RWMutexLock implements Program {
    @Override
    public void start(Copy copy) {
      go(
          () -> {
            var mutex = new RWMutex();
            mutex.lock();
            if (copy.fixed()) {
              mutex.unlock();
            }
            mutex.lock(); // LEAK RWMutexLock
          });
    }
  }

  /** Waits for a child that sends to the waiter. */
  @Leak(at = "Mixed.child", reason = "chan send")
  @Leak(at = "Mixed.parent", reason = "sync.WaitGroup.Wait")
  public static final class Mixed implements Program {
    @Override
    public void start(Copy copy) {
      go(
          () -> {
            var chan = Channel.<Integer>unbuffered();
            var group = new dev.selvage.sync.WaitGroup();
            group.add(1);
            go(
                () -> {
                  chan.send(1); // LEAK Mixed.child
                  group.done();
                });
            if (copy.fixed()) {
              chan.receive();
              group.await();
            } else {
              group.await(); // LEAK Mixed.parent
              chan.receive();
            }
          });
    }
  }

  /** Control: everybody can reach a channel in a static field. */
  public static final class NoLeakGlobal implements Program {
    private static final Channel<Integer> GLOBAL = Channel.unbuffered();

    @Override
    public void start(Copy copy) {
      Go.go(GLOBAL::receive);
    }
  }
}
