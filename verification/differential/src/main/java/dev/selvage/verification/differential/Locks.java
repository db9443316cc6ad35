package dev.selvage.verification.differential;

import dev.selvage.Go;
import dev.selvage.sync.Locker;
import dev.selvage.sync.Mutex;
import dev.selvage.sync.RWMutex;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/** Mutex and RWMutex. What was taken for a state stays taken. */
final class Locks {
  private Locks() {}

  private static Callable<String> lock(Locker locker) {
    return () -> {
      locker.lock();
      return "locked";
    };
  }

  private static Mutex locked() throws InterruptedException {
    Mutex m = new Mutex();
    m.lock();
    return m;
  }

  private static String unlock(Mutex m) {
    m.unlock();
    return "ok";
  }

  static void addTo(List<Scenario> all) {
    addMutex("Mutex", all);
    addRWMutex("RWMutex", all);
  }

  private static void addMutex(String g, List<Scenario> all) {
    all.add(new Scenario(g, "lock", "free", s -> s.start(lock(new Mutex())).toString()));
    all.add(new Scenario(g, "lock", "locked", s -> s.start(lock(locked())).toString()));
    all.add(
        new Scenario(
            g,
            "lock twice",
            "free",
            s ->
                s.start(
                        () -> {
                          Mutex m = new Mutex();
                          m.lock();
                          m.lock();
                          return "locked twice";
                        })
                    .toString()));
    all.add(new Scenario(g, "lock if free", "free", s -> "" + new Mutex().tryLock()));
    all.add(new Scenario(g, "lock if free", "locked", s -> "" + locked().tryLock()));
    all.add(
        new Scenario(
            g,
            "lock if free",
            "locked, one waits",
            s -> {
              Mutex m = locked();
              var a = s.start(lock(m));
              return m.tryLock() + "; " + a;
            }));
    all.add(
        new Scenario(
            g,
            "unlock",
            "locked by another",
            s -> {
              Mutex m = new Mutex();
              s.start(lock(m));
              m.unlock();
              return "free: " + m.tryLock();
            }));
    all.add(new Scenario(g, "unlock", "free", s -> unlock(new Mutex())));
    all.add(
        new Scenario(
            g,
            "unlock twice",
            "locked",
            s -> {
              Mutex m = locked();
              m.unlock();
              return unlock(m);
            }));
    all.add(
        new Scenario(
            g,
            "unlock",
            "locked, two wait",
            s -> {
              Mutex m = locked();
              var a = s.start(lock(m));
              var b = s.start(lock(m));
              m.unlock();
              return s.tell(a, b);
            }));
    String inTurn = "unlock by each in turn";
    all.add(new Scenario(g, inTurn, "locked; a, b, c, d wait", s -> order(s, Duration.ZERO)));
    all.add(
        new Scenario(
            g,
            inTurn,
            "locked; a, b, c, d have waited longer than 1 ms",
            s -> order(s, Duration.ofMillis(3))));
    all.add(
        new Scenario(
            g,
            "unlock and lock again and again",
            "locked, one waits",
            s -> {
              Mutex m = locked();
              boolean[] got = new boolean[1]; // guarded by m
              var a =
                  s.start(
                      () -> {
                        m.lock();
                        got[0] = true;
                        m.unlock();
                        return "gets it";
                      });
              while (!got[0]) {
                m.unlock();
                m.lock();
              }
              m.unlock();
              return s.tell(a);
            }));
  }

  private static String order(Stage s, Duration waited) throws InterruptedException {
    Mutex m = locked();
    StringBuilder got = new StringBuilder(); // guarded by m
    for (String name : List.of("a", "b", "c", "d")) {
      s.start(
          () -> {
            m.lock();
            got.append(name);
            m.unlock();
            return "";
          });
    }
    Go.sleep(waited);
    m.unlock();
    s.settle();
    m.lock();
    return got.toString();
  }

  private interface State {
    Stage.Actor[] make(Stage stage, RWMutex rw) throws Exception;
  }

  private interface Operation {
    String run(RWMutex rw) throws Exception;
  }

  private static final List<Map.Entry<String, State>> STATES =
      List.of(
          Map.entry("free", (s, rw) -> peers()),
          Map.entry(
              "one reads",
              (s, rw) -> {
                rw.rLock();
                return peers();
              }),
          Map.entry(
              "two read",
              (s, rw) -> {
                rw.rLock();
                rw.rLock();
                return peers();
              }),
          Map.entry(
              "one writes",
              (s, rw) -> {
                rw.lock();
                return peers();
              }),
          Map.entry(
              "one reads, a writer waits",
              (s, rw) -> {
                rw.rLock();
                return peers(s.start(lock(rw)));
              }),
          Map.entry(
              "one writes, two readers wait",
              (s, rw) -> {
                rw.lock();
                return peers(s.start(lock(rw.rLocker())), s.start(lock(rw.rLocker())));
              }),
          Map.entry(
              "one writes, a reader and a writer wait",
              (s, rw) -> {
                rw.lock();
                return peers(s.start(lock(rw.rLocker())), s.start(lock(rw)));
              }),
          Map.entry(
              "one writes, a writer and a reader wait",
              (s, rw) -> {
                rw.lock();
                return peers(s.start(lock(rw)), s.start(lock(rw.rLocker())));
              }),
          Map.entry(
              "one reads, a writer and a reader wait",
              (s, rw) -> {
                rw.rLock();
                return peers(s.start(lock(rw)), s.start(lock(rw.rLocker())));
              }),
          Map.entry(
              "one reads, a writer and a reader wait, and the writer unlocks when it had it",
              (s, rw) -> {
                rw.rLock();
                Callable<String> writer =
                    () -> {
                      rw.lock();
                      rw.unlock();
                      return "locked and unlocked";
                    };
                return peers(s.start(writer), s.start(lock(rw.rLocker())));
              }));

  private static final List<Map.Entry<String, Operation>> OPERATIONS =
      List.of(
          Map.entry(
              "lock to read",
              rw -> {
                rw.rLock();
                return "locked";
              }),
          Map.entry(
              "lock to write",
              rw -> {
                rw.lock();
                return "locked";
              }),
          Map.entry("lock to read if possible", rw -> "" + rw.tryRLock()),
          Map.entry("lock to write if possible", rw -> "" + rw.tryLock()),
          Map.entry(
              "unlock a reader",
              rw -> {
                rw.rUnlock();
                return "ok";
              }),
          Map.entry(
              "unlock the writer",
              rw -> {
                rw.unlock();
                return "ok";
              }));

  private static Stage.Actor[] peers(Stage.Actor... peers) {
    return peers;
  }

  private static void addRWMutex(String g, List<Scenario> all) {
    for (var operation : OPERATIONS) {
      for (var state : STATES) {
        all.add(
            new Scenario(
                g,
                operation.getKey(),
                state.getKey(),
                s -> {
                  RWMutex rw = new RWMutex();
                  Stage.Actor[] peers = state.getValue().make(s, rw);
                  var self = s.start(() -> operation.getValue().run(rw));
                  return peers.length == 0
                      ? self.toString()
                      : self + "; who waited: " + s.tell(peers);
                }));
      }
    }
  }
}
