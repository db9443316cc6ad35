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
  private static final CountDownLatch FINALIZED_BY_HAND = new CountDownLatch(1);

  /** Wakes somebody when it is collected, or makes another one that does. */
  private static final class Waker {
    private final CountDownLatch latch;
    private final int links;

    Waker(CountDownLatch latch, int links) {
      this.latch = latch;
      this.links = links;
    }

    @Override
    @Deprecated
    @SuppressWarnings({"removal", "Finalize"}) // programs have them
    protected void finalize() {
      if (links > 1) {
        finalized = new Waker(latch, links - 1);
        finalized = null;
      } else {
        latch.countDown();
      }
    }
  }

  @Override
  public void start() {
    var byFinalizer = new CountDownLatch(1);
    var byChain = new CountDownLatch(1);
    finalized = new Object[] {new Waker(byFinalizer, 1), new Waker(byChain, 3)};
    go("a finalizer wakes it", byFinalizer::await);
    go("the last of three finalizers wakes it", byChain::await);

    var byCleaner = new CountDownLatch(1);
    cleaned = bait(byCleaner);
    go("a cleaner wakes it", byCleaner::await);

    // Here the thread that would be woken is all that holds back its own finalizer: it stays, and
    // so does whoever waits at the end of a chain of them.
    for (int length = 1; length <= 3; length++) {
      int links = length;
      go(
          "its own finalizer would wake it, by " + links,
          () -> {
            var waker = new Waker(FINALIZED_BY_HAND, links);
            FINALIZED_BY_HAND.await();
            Reference.reachabilityFence(waker);
          });
    }
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
  public void wake() throws InterruptedException {
    arm();
    CLEANED_BY_HAND.countDown();
    FINALIZED_BY_HAND.countDown();
    for (int i = 0; i < 5; i++) { // each wakes one link of a chain
      System.gc();
      Thread.sleep(50);
    }
  }

  private static Object bait(CountDownLatch latch) {
    var bait = new Object();
    CLEANER.register(bait, latch::countDown);
    return bait;
  }
}
