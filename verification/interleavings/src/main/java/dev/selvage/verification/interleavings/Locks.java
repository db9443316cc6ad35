package dev.selvage.verification.interleavings;

import dev.selvage.sync.Mutex;

/** Mutual exclusion, and that no lock is lost to who gave up waiting for it. */
final class Locks {
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
}
