package dev.selvage.verification.kernels;

import static dev.selvage.Go.go;
import static dev.selvage.Select.after;
import static dev.selvage.Select.receive;
import static dev.selvage.Select.select;

import dev.selvage.Channel;
import dev.selvage.Go;
import dev.selvage.sync.Mutex;
import dev.selvage.sync.Once;
import dev.selvage.sync.WaitGroup;
import dev.selvage.time.Timer;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** Kernels of real bugs in which a mutex is locked twice, or never let go. */
public final class GoKerDoubleLocking {
  private GoKerDoubleLocking() {}

  /** The path for errors locks once more what is locked already. */
  @Leak(at = "Cockroach9935", reason = "sync.Mutex.Lock")
  public static final class Cockroach9935 implements Program {
    private final Mutex mutex = new Mutex();

    @Override
    public void start(Copy copy) {
      go(() -> write(copy.fixed()));
    }

    private void write(boolean fixed) throws InterruptedException {
      mutex.lock();
      boolean created = ThreadLocalRandom.current().nextInt(8) >= 6;
      if (created) {
        mutex.unlock();
      } else if (fixed) {
        mutex.unlock();
        exit();
      } else {
        exit();
        mutex.unlock();
      }
    }

    private void exit() throws InterruptedException {
      mutex.lock(); // LEAK Cockroach9935
      mutex.unlock();
    }
  }

  /** The function of a timer returns without unlocking on one of its paths. */
  @Leak(at = "Grpc3017.parent", reason = "chan receive")
  @Leak(at = "Grpc3017.remove", reason = "sync.Mutex.Lock")
  @Leak(at = "Grpc3017.create", reason = "sync.Mutex.Lock")
  @Leak(at = "Grpc3017.timer", reason = "sync.Mutex.Lock", perCopy = 10_000)
  public static final class Grpc3017 implements Program {
    static final class Entry {
      private @Nullable Timer timer;
      private boolean abort;

      void cancel() {
        if (timer != null && !timer.stop()) {
          abort = true;
        }
      }
    }

    static final class Cache {
      private final Mutex mutex = new Mutex();
      private final Map<Integer, Entry> byAddress = new HashMap<>();
      private final Map<Integer, Integer> addresses = new HashMap<>();
      private final boolean fixed;

      Cache(boolean fixed) {
        this.fixed = fixed;
      }

      void remove(int connection) throws InterruptedException {
        mutex.lock(); // LEAK Grpc3017.remove
        Integer address = addresses.get(connection);
        if (address != null && !byAddress.containsKey(address)) {
          var entry = new Entry();
          byAddress.put(address, entry);
          entry.timer =
              Timer.afterFunc(Duration.ofNanos(1), () -> expire(entry, connection, address));
        }
        mutex.unlock();
      }

      private void expire(Entry entry, int connection, int address) throws InterruptedException {
        Go.yield();
        mutex.lock(); // LEAK Grpc3017.timer
        if (entry.abort) {
          if (fixed) {
            mutex.unlock();
          }
          return;
        }
        addresses.remove(connection);
        byAddress.remove(address);
        mutex.unlock();
      }

      void create(int connection, int address) throws InterruptedException {
        mutex.lock(); // LEAK Grpc3017.create
        Entry cached = byAddress.remove(address);
        if (cached != null) {
          cached.cancel();
        } else {
          addresses.put(connection, address);
        }
        mutex.unlock();
      }
    }

    @Override
    public void start(Copy copy) {
      go(
          () -> {
            var cache = new Cache(copy.fixed());
            cache.create(1, 1);
            var done = Channel.<Void>unbuffered();
            go(
                () -> {
                  for (int i = 0; i < 10_000; i++) {
                    cache.remove(1);
                    cache.create(1, 1);
                    Chance.giveOrRest();
                  }
                  done.close();
                });
            done.receiveOrNull(); // LEAK Grpc3017.parent
          });
    }
  }

  /** A renderer needs the mutex of the goroutine that renders. */
  @Leak(at = "Hugo5379.parent", reason = "sync.WaitGroup.Wait")
  @Leak(at = "Hugo5379.content", reason = "sync.Mutex.Lock", perCopy = 3)
  @Leak(at = "Hugo5379.plain", reason = "sync.Mutex.Lock", perCopy = 3)
  @Leak(at = "Hugo5379.mutex", reason = "sync.Mutex.Lock", perCopy = 3)
  @Leak(at = "Hugo5379.render", reason = "sync.Mutex.Lock")
  public static final class Hugo5379 implements Program {
    static final class Page {
      private final Once contentInit = new Once();
      private final Once plainInit = new Once();
      private final Mutex contentMutex = new Mutex();
      private final boolean fixed;

      Page(boolean fixed) {
        this.fixed = fixed;
      }

      void wordCount() throws InterruptedException {
        contentInit.run(this::initContent); // LEAK Hugo5379.content
        plainInit.run(this::initPlain); // LEAK Hugo5379.plain
      }

      private void initContent() throws InterruptedException {
        var rendered = Channel.<Void>unbuffered();
        go(
            () -> {
              render();
              rendered.close();
            });
        Go.yield(); // Go runs first what was started last; a collection may take the millisecond
        select(
            receive(rendered, _ -> true).orClosed(() -> true),
            after(Duration.ofMillis(1), () -> false));
      }

      private void render() throws InterruptedException {
        contentMutex.lock(); // LEAK Hugo5379.render
        if (fixed) {
          contentMutex.unlock();
          wordCount();
        } else {
          wordCount();
          contentMutex.unlock();
        }
      }

      private void initPlain() throws InterruptedException {
        contentMutex.lock(); // LEAK Hugo5379.mutex
        contentMutex.unlock();
      }
    }

    @Override
    public void start(Copy copy) {
      go(
          () -> {
            var page = new Page(copy.fixed());
            var group = new WaitGroup();
            for (int i = 0; i < 2; i++) {
              group.go(page::wordCount);
            }
            group.await(); // LEAK Hugo5379.parent
          });
    }
  }

  /** Nothing to delete, so it returns: locked. */
  @Leak(at = "Moby17176", reason = "sync.Mutex.Lock")
  public static final class Moby17176 implements Program {
    private final Mutex mutex = new Mutex();

    @Override
    public void start(Copy copy) {
      go(
          () -> {
            cleanup(0, copy.fixed());
            var done = Channel.<Boolean>buffered(copy.fixed() ? 1 : 0);
            go(
                () -> {
                  mutex.lock(); // LEAK Moby17176
                  mutex.unlock();
                  done.send(true);
                });
            select(receive(done, _ -> true), after(Duration.ofMillis(1), () -> false));
          });
    }

    private void cleanup(int toDelete, boolean fixed) throws InterruptedException {
      mutex.lock();
      if (toDelete == 0 && !fixed) {
        return;
      }
      mutex.unlock();
    }
  }
}
