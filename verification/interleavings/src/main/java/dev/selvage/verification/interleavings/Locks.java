package dev.selvage.verification.interleavings;

import dev.selvage.sync.Mutex;
import dev.selvage.sync.RWMutex;
import java.time.Duration;

/** Mutual exclusion, and that no lock is lost to who gave up waiting for it. */
final class Locks {
  private static final Duration SHORT = Duration.ofNanos(1000);

  private Locks() {}

  static void mutexExcludes() throws InterruptedException {
    Mutex mutex = new Mutex();
    Critical critical = new Critical();
    Race.Part part =
        () -> {
          mutex.lock();
          critical.pass();
          mutex.unlock();
        };
    Race.run(part, part, part);
    Race.same(3, critical.passed(), "threads that were inside");
    Race.check(mutex.tryLock(), "the mutex was not given back");
  }

  static void mutexTryLock() throws InterruptedException {
    Mutex mutex = new Mutex();
    Critical critical = new Critical();
    Race.Part trying =
        () -> {
          if (mutex.tryLock()) {
            critical.pass();
            mutex.unlock();
          }
        };
    Race.run(
        trying,
        trying,
        () -> {
          mutex.lock();
          critical.pass();
          mutex.unlock();
        });
    Race.check(critical.passed() >= 1, "nobody was inside");
    Race.check(mutex.tryLock(), "the mutex was not given back");
  }

  static void mutexInterrupted() throws InterruptedException {
    Mutex mutex = new Mutex();
    Critical critical = new Critical();
    mutex.lock();
    Thread givesUp =
        Race.start(
            () -> {
              try {
                mutex.lock();
              } catch (InterruptedException e) {
                return;
              }
              critical.pass();
              mutex.unlock();
            });
    Thread waits =
        Race.start(
            () -> {
              mutex.lock();
              critical.pass();
              mutex.unlock();
            });
    Race.run(givesUp::interrupt, mutex::unlock);
    Race.join(givesUp, waits);
    Race.check(critical.passed() >= 1, "who was not interrupted never got it");
    Race.check(mutex.tryLock(), "the mutex was lost to who gave up");
  }

  // --------------- RWMutex ---------------

  private static Race.Part writing(RWMutex rw, Critical critical) {
    return () -> {
      rw.lock();
      critical.pass();
      rw.unlock();
    };
  }

  private static Race.Part reading(RWMutex rw, Critical critical) {
    return () -> {
      rw.rLock();
      critical.look();
      rw.rUnlock();
    };
  }

  /** For who may be interrupted: then it has not taken the lock. */
  private static Race.Part orGivingUp(Race.Part part) {
    return () -> {
      try {
        part.run();
      } catch (InterruptedException e) {
        // Nothing was taken, and nothing must be given back.
      }
    };
  }

  /**
   * Nobody reads, writes or waits: a reader or a writer that is still counted would be in the way.
   */
  private static void checkFree(RWMutex rw) {
    Race.check(rw.tryLock(), "the lock was not given back");
  }

  static void rwMutexReadersAgainstWriters() throws InterruptedException {
    RWMutex rw = new RWMutex();
    Critical critical = new Critical();
    Race.run(
        writing(rw, critical),
        reading(rw, critical),
        () -> {
          if (rw.tryRLock()) {
            critical.look();
            rw.rUnlock();
          }
        },
        () -> {
          if (rw.tryLock()) {
            critical.pass();
            rw.unlock();
          }
        });
    Race.check(critical.passed() >= 1, "no writer was inside");
    checkFree(rw);
  }

  @SuppressWarnings("ThreadPriorityCheck") // right without yielding, only slower
  static void rwMutexWaitingWriterKeepsNewReadersOut() throws InterruptedException {
    RWMutex rw = new RWMutex();
    Critical critical = new Critical();
    rw.rLock();
    Thread writer = Race.start(writing(rw, critical));
    while (rw.tryRLock()) { // until the writer waits
      rw.rUnlock();
      Thread.yield();
    }
    Race.run(
        rw::rUnlock,
        () -> {
          rw.rLock();
          Race.same(1, critical.passed(), "writers that came before a reader who came later");
          critical.look();
          rw.rUnlock();
        },
        () -> {
          if (rw.tryRLock()) {
            Race.same(1, critical.passed(), "writers that came before a reader who only tried");
            critical.look();
            rw.rUnlock();
          }
        });
    writer.join();
    checkFree(rw);
  }

  /** The one who reads does not go away, so whoever waits behind the writer must be let in. */
  static void rwMutexWriterGivesUp() throws InterruptedException {
    RWMutex rw = new RWMutex();
    Critical critical = new Critical();
    rw.rLock();
    Race.run(
        () -> Race.check(!rw.lock(SHORT), "a writer came in beside a reader"),
        reading(rw, critical),
        reading(rw, critical));
    rw.rUnlock();
    checkFree(rw);
  }

  static void rwMutexInterruptedWriter() throws InterruptedException {
    RWMutex rw = new RWMutex();
    Critical critical = new Critical();
    rw.rLock();
    Thread writer = Race.start(orGivingUp(writing(rw, critical)));
    Thread reader = Race.start(reading(rw, critical));
    Race.run(writer::interrupt, rw::rUnlock);
    Race.join(writer, reader);
    checkFree(rw);
  }

  /** A reader that gives up just when all who wait to read are counted in. */
  static void rwMutexInterruptedReader() throws InterruptedException {
    RWMutex rw = new RWMutex();
    Critical critical = new Critical();
    rw.lock();
    Thread givesUp = Race.start(orGivingUp(reading(rw, critical)));
    Thread waits = Race.start(reading(rw, critical));
    Race.run(givesUp::interrupt, rw::unlock);
    Race.join(givesUp, waits);
    checkFree(rw);
  }
}
