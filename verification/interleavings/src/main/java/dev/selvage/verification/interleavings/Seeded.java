package dev.selvage.verification.interleavings;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Small things that are wrong in a way that only some orders show. Each must be found: a search
 * that finds nothing here would find nothing anywhere.
 */
final class Seeded {
  private Seeded() {}

  /** A lock that looks and then takes, in two steps. */
  private static final class TwoStepLock {
    private volatile boolean taken;

    @SuppressWarnings("ThreadPriorityCheck") // right without yielding, only slower
    void lock() {
      while (taken) {
        Thread.yield();
      }
      taken = true;
    }

    void unlock() {
      taken = false;
    }
  }

  static void lockThatIsTakenInTwoSteps() throws InterruptedException {
    TwoStepLock lock = new TwoStepLock();
    Critical critical = new Critical();
    Race.Part part =
        () -> {
          lock.lock();
          critical.pass();
          lock.unlock();
        };
    Race.run(part, part);
  }

  /** A lock whose readers look for a writer, and only then are counted. */
  private static final class HastyReadWriteLock {
    private final AtomicInteger readers = new AtomicInteger();
    private volatile boolean writer;

    boolean tryRLock() {
      if (writer) {
        return false;
      }
      readers.incrementAndGet(); // what if a writer has counted them just now?
      return true;
    }

    void rUnlock() {
      readers.decrementAndGet();
    }

    boolean tryLock() {
      writer = true;
      if (readers.get() == 0) {
        return true;
      }
      writer = false;
      return false;
    }

    void unlock() {
      writer = false;
    }
  }

  static void readWriteLockThatCountsItsReadersTooLate() throws InterruptedException {
    HastyReadWriteLock rw = new HastyReadWriteLock();
    Critical critical = new Critical();
    Race.Part reading =
        () -> {
          if (rw.tryRLock()) {
            critical.look();
            rw.rUnlock();
          }
        };
    Race.run(
        reading,
        reading,
        reading,
        () -> {
          if (rw.tryLock()) {
            critical.pass();
            rw.unlock();
          }
        });
  }

  /** A channel for one value whose receiver looks before it says that it waits. */
  private static final class ForgetfulChannel {
    private volatile @Nullable Integer value;
    private volatile @Nullable Thread receiver;

    void send(int v) {
      value = v;
      LockSupport.unpark(receiver);
    }

    int receive() {
      Integer v = value;
      if (v == null) {
        receiver = Thread.currentThread(); // too late for a send that came in between
        LockSupport.park(this);
        v = value;
      }
      return v == null ? 0 : v;
    }
  }

  static void channelThatLosesAWakeUp() throws InterruptedException {
    ForgetfulChannel ch = new ForgetfulChannel();
    Race.run(() -> ch.send(1), () -> Race.same(1, ch.receive(), "received"));
  }

  /** A sender that, interrupted, does not look whether its value has been taken already. */
  private static final class DoublingChannel {
    private final AtomicBoolean offered = new AtomicBoolean();
    private volatile @Nullable Thread sender;

    boolean send() {
      sender = Thread.currentThread();
      offered.set(true);
      while (offered.get()) {
        if (Thread.interrupted()) {
          offered.set(false); // what if it was taken just now?
          return false;
        }
        LockSupport.park(this);
      }
      return true;
    }

    boolean tryReceive() {
      if (offered.compareAndSet(true, false)) {
        LockSupport.unpark(sender);
        return true;
      }
      return false;
    }
  }

  static void channelThatDoublesOnInterrupt() throws InterruptedException {
    DoublingChannel ch = new DoublingChannel();
    Ledger ledger = new Ledger();
    Thread sender =
        Race.start(
            () -> {
              if (ch.send()) {
                ledger.sent(1);
              }
            });
    Race.run(
        sender::interrupt,
        () -> {
          if (ch.tryReceive()) {
            ledger.received(1);
          }
        });
    sender.join();
    ledger.checkConserved();
  }
}
