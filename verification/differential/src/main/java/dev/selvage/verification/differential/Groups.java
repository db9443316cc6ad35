package dev.selvage.verification.differential;

import dev.selvage.Channel;
import dev.selvage.Go;
import dev.selvage.sync.Cond;
import dev.selvage.sync.Mutex;
import dev.selvage.sync.WaitGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/** WaitGroup, Cond, and what becomes of a goroutine that fails. */
final class Groups {
  private Groups() {}

  private static Callable<String> wait(WaitGroup wg) {
    return () -> {
      wg.await();
      return "returns";
    };
  }

  private static WaitGroup of(int count) {
    WaitGroup wg = new WaitGroup();
    wg.add(count);
    return wg;
  }

  private static String add(WaitGroup wg, int delta) {
    wg.add(delta);
    return "ok";
  }

  static void addTo(List<Scenario> all) {
    addWaitGroup("WaitGroup", all);
    addCond("Cond", all);
    all.add(
        new Scenario(
            "goroutine",
            "panic that nobody recovers",
            "",
            s ->
                // Not an actor: it would look blocked before the goroutine that wakes it has begun.
                quietly(
                    () -> {
                      Channel<Integer> done = Channel.unbuffered();
                      Go.go(
                          () -> {
                            try {
                              throw new IllegalStateException("boom");
                            } finally {
                              done.close();
                            }
                          });
                      done.receiveOrNull();
                      return "the others go on";
                    })));
  }

  /** An exception that nobody catches is what is asked for; it need not be reported. */
  private static String quietly(Callable<String> task) throws Exception {
    var handler = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler((thread, e) -> {});
    try {
      return task.call();
    } finally {
      Thread.setDefaultUncaughtExceptionHandler(handler);
    }
  }

  private static void addWaitGroup(String g, List<Scenario> all) {
    all.add(new Scenario(g, "wait", "0", s -> s.start(wait(of(0))).toString()));
    all.add(new Scenario(g, "wait", "1", s -> s.start(wait(of(1))).toString()));
    all.add(
        new Scenario(
            g,
            "done",
            "1, two wait",
            s -> {
              WaitGroup wg = of(1);
              var a = s.start(wait(wg));
              var b = s.start(wait(wg));
              wg.done();
              return s.tell(a, b);
            }));
    all.add(
        new Scenario(
            g,
            "done",
            "2, one waits",
            s -> {
              WaitGroup wg = of(2);
              var a = s.start(wait(wg));
              wg.done();
              String first = s.tell(a);
              wg.done();
              return first + ", then " + s.tell(a);
            }));
    all.add(
        new Scenario(
            g,
            "add 2, then done three times",
            "1, one waits",
            s -> {
              WaitGroup wg = of(1);
              var a = s.start(wait(wg));
              wg.add(2);
              StringBuilder said = new StringBuilder();
              for (int i = 0; i < 3; i++) {
                said.append(s.tell(a)).append(", ");
                wg.done();
              }
              return said + "then " + s.tell(a);
            }));
    all.add(
        new Scenario(
            g,
            "done",
            "0",
            s -> {
              new WaitGroup().done();
              return "ok";
            }));
    all.add(new Scenario(g, "add -1", "0", s -> add(of(0), -1)));
    all.add(new Scenario(g, "add -3", "2", s -> add(of(2), -3)));
    all.add(
        new Scenario(
            g,
            "add -2",
            "2, one waits",
            s -> {
              WaitGroup wg = of(2);
              var a = s.start(wait(wg));
              wg.add(-2);
              return s.tell(a);
            }));
    all.add(new Scenario(g, "add 0", "0", s -> add(of(0), 0)));
    all.add(
        new Scenario(
            g,
            "add 1 and wait",
            "0, after it refused to be -1",
            s -> {
              WaitGroup wg = of(0);
              Stage.attempt(() -> add(wg, -1));
              wg.add(1);
              return s.start(wait(wg)).toString();
            }));
    all.add(
        new Scenario(
            g,
            "use again",
            "after a wait has returned",
            s -> {
              WaitGroup wg = of(0);
              StringBuilder said = new StringBuilder();
              for (int i = 0; i < 3; i++) {
                wg.add(1);
                var a = s.start(wait(wg));
                wg.done();
                said.append(s.tell(a)).append("; ");
              }
              return said + "no more";
            }));
    all.add(
        new Scenario(
            g,
            "go",
            "0",
            s -> {
              WaitGroup wg = of(0);
              Channel<Integer> n = Channel.buffered(10);
              for (int i = 0; i < 10; i++) {
                int value = i;
                wg.go(() -> n.send(value));
              }
              wg.await();
              return n.len() + " of 10 had ended when wait returned";
            }));
    all.add(
        new Scenario(
            g,
            "go, and the task panics",
            "0",
            s ->
                quietly(
                    () -> {
                      WaitGroup wg = of(0);
                      wg.go(
                          () -> {
                            throw new IllegalStateException("boom");
                          });
                      wg.await();
                      return "returns";
                    })));
    all.add(
        new Scenario(
            g,
            "add 1 and done, racing with wait",
            "0",
            s ->
                Selects.outcomes(
                    () -> {
                      WaitGroup wg = of(0);
                      Channel<Integer> ready = Channel.unbuffered();
                      Channel<String> a = Channel.unbuffered();
                      Go.go(
                          () -> {
                            ready.receiveOrNull();
                            a.send(
                                Stage.attempt(
                                    () -> {
                                      wg.add(1);
                                      wg.done();
                                      return "added";
                                    }));
                          });
                      Go.go(
                          () -> {
                            ready.receiveOrNull();
                            a.send(
                                Stage.attempt(
                                    () -> {
                                      wg.await();
                                      return "added";
                                    }));
                          });
                      ready.close();
                      a.receive();
                      return a.receive();
                    })));
  }

  /** A lock with its condition, and who woke in which order. */
  private static final class Room {
    final Mutex mutex = new Mutex();
    final Cond cond = new Cond(mutex);
    final List<String> order = new ArrayList<>(); // guarded by mutex

    Stage.Actor waiter(Stage stage, String name) throws InterruptedException {
      return stage.start(
          () -> {
            mutex.lock();
            try {
              cond.await();
              order.add(name);
            } finally {
              mutex.unlock();
            }
            return "woke";
          });
    }
  }

  private static void addCond(String g, List<Scenario> all) {
    all.add(
        new Scenario(
            g,
            "wait",
            "nobody signals",
            s -> {
              Room c = new Room();
              var a = c.waiter(s, "a");
              String said = a + "; the lock is free: " + c.mutex.tryLock();
              c.mutex.unlock();
              return said;
            }));
    all.add(
        new Scenario(
            g,
            "wait",
            "without the lock",
            s -> {
              new Room().cond.await();
              return "ok";
            }));
    all.add(
        new Scenario(
            g,
            "signal",
            "nobody waits; then one waits",
            s -> {
              Room c = new Room();
              c.cond.signal();
              c.cond.broadcast();
              return c.waiter(s, "a").toString();
            }));
    all.add(
        new Scenario(
            g,
            "signal",
            "three wait",
            s -> {
              Room c = new Room();
              var a = c.waiter(s, "a");
              var b = c.waiter(s, "b");
              var d = c.waiter(s, "c");
              c.cond.signal();
              return s.tell(a, b, d);
            }));
    all.add(
        new Scenario(
            g,
            "signal three times",
            "three wait",
            s -> {
              Room c = new Room();
              var a = c.waiter(s, "a");
              var b = c.waiter(s, "b");
              var d = c.waiter(s, "c");
              for (int i = 0; i < 3; i++) {
                c.cond.signal();
                s.settle();
              }
              return s.tell(a, b, d) + "; in the order [" + String.join(" ", c.order) + "]";
            }));
    all.add(
        new Scenario(
            g,
            "broadcast",
            "three wait",
            s -> {
              Room c = new Room();
              var a = c.waiter(s, "a");
              var b = c.waiter(s, "b");
              var d = c.waiter(s, "c");
              c.cond.broadcast();
              return s.tell(a, b, d);
            }));
    all.add(
        new Scenario(
            g,
            "signal",
            "one waits, the lock is taken",
            s -> {
              Room c = new Room();
              var a = c.waiter(s, "a");
              c.mutex.lock();
              c.cond.signal();
              String first = s.tell(a);
              c.mutex.unlock();
              return first + ", then " + s.tell(a);
            }));
  }
}
