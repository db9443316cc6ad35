package dev.selvage.verification.controls;

import static dev.selvage.verification.controls.Waiters.go;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * Threads that a collection wakes: a finalizer or a cleaner does it. A prover that collects sets
 * this off itself.
 */
@SuppressWarnings({"UnusedVariable", "ReachabilityFenceUsage"}) // they only keep things
public final class Traps implements Control {
  private static final Cleaner CLEANER = Cleaner.create();

  /** What holds back the finalizer and the cleaner until {@link #arm}. */
  private static @Nullable Object finalized;

  private static @Nullable Object cleaned;

  private static final CountDownLatch CLEANED_BY_HAND = new CountDownLatch(1);

  /** Wakes somebody when it is collected. */
  private static final class Waker {
    private final CountDownLatch latch;

    Waker(CountDownLatch latch) {
      this.latch = latch;
    }

    @Override
    @Deprecated
    @SuppressWarnings({"removal", "Finalize"}) // programs have them
    protected void finalize() {
      latch.countDown();
    }
  }

  @Override
  public void start() {
    var byFinalizer = new CountDownLatch(1);
    finalized = new Waker(byFinalizer);
    go("a finalizer wakes it", byFinalizer::await);

    var byCleaner = new CountDownLatch(1);
    cleaned = bait(byCleaner);
    go("a cleaner wakes it", byCleaner::await);

    // Here the thread that is woken is all that holds back its own finalizer.
    go(
        "its own finalizer wakes it",
        () -> {
          var latch = new CountDownLatch(1);
          var waker = new Waker(latch);
          latch.await();
          Reference.reachabilityFence(waker);
        });
    // The cleaner's own list holds what the action holds, and that is the thread: it stays.
    go(
        "its own cleaner would wake it",
        () -> {
          var bait = bait(CLEANED_BY_HAND);
          CLEANED_BY_HAND.await();
          Reference.reachabilityFence(bait);
        });
  }

  /** From now on the next collection wakes them. */
  public static void arm() {
    finalized = null;
    cleaned = null;
  }

  @Override
  public void wake() {
    arm();
    CLEANED_BY_HAND.countDown();
    System.gc();
  }

  private static Object bait(CountDownLatch latch) {
    var bait = new Object();
    CLEANER.register(bait, latch::countDown);
    return bait;
  }
}
