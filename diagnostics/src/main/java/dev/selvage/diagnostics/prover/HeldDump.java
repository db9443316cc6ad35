package dev.selvage.diagnostics.prover;

import com.sun.management.HotSpotDiagnosticMXBean;
import dev.selvage.diagnostics.jdk.Jdk;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * Dumps the heap of this JVM while its virtual threads are kept off their carriers, each where it
 * has blocked or yielded by itself. Then the dump has the whole stack of every one of them.
 */
public final class HeldDump {
  /*
   * A carrier that does a task of ours carries no virtual thread. As many tasks as there are
   * carriers, each of which blocks until the dump is there, so keep all virtual threads off. None
   * is stopped: a thread leaves its carrier where it would have left it anyway, and those that
   * become runnable meanwhile wait in the scheduler's queue, with their whole stacks in the heap.
   *
   * This is not what makes a proof right. What is proven from the dump is judged as from any other:
   * by what it has of each thread. It only makes it likely that it has everything.
   */

  /** For what platform threads were just doing for the virtual ones, as timers. */
  private static final long SETTLE_MILLIS = 20;

  private HeldDump() {}

  /**
   * What came of it.
   *
   * @param carriers how many the JDK's scheduler has; 0 if it is not known
   * @param inUse how many of these were in use still when the dump was made
   * @param others whether there are virtual threads on another scheduler, which are not kept off
   */
  public record Held(int carriers, int inUse, boolean others) {
    /** In a sentence. */
    @Override
    public String toString() {
      if (carriers == 0) {
        return "virtual threads could not be kept off their carriers: their scheduler is not known";
      }
      return (carriers - inUse)
          + " of "
          + carriers
          + " carriers were kept free of virtual threads while it was dumped"
          + (others ? "; goroutines run on another scheduler, and ran on" : "");
    }
  }

  /**
   * Writes it. Blocks until it is written; nobody who runs on the JDK's scheduler gets on
   * meanwhile, so no virtual thread may call it.
   *
   * @param file that is not there yet; its name must end in {@code .hprof}
   * @param patience for how long virtual threads may take to leave their carriers
   * @return what was kept off
   * @throws IOException if the file cannot be written
   */
  public static Held write(Path file, Duration patience) throws IOException, InterruptedException {
    Jdk jdk = Jdk.ofThisJvm();
    ForkJoinPool scheduler = jdk.defaultScheduler() instanceof ForkJoinPool pool ? pool : null;
    int carriers = scheduler == null ? 0 : scheduler.getParallelism();
    var held = new CountDownLatch(carriers);
    var written = new CountDownLatch(1);
    try {
      for (int i = 0; scheduler != null && i < carriers; i++) {
        scheduler.execute(() -> hold(held, written));
      }
      if (held.await(patience.toNanos(), TimeUnit.NANOSECONDS)) {
        Thread.sleep(SETTLE_MILLIS);
      }
      var result = new Held(carriers, Math.toIntExact(held.getCount()), jdk.hasOwnScheduler());
      // With a full collection, as garbage can hide leaks.
      ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
          .dumpHeap(file.toString(), true);
      return result;
    } catch (RejectedExecutionException e) {
      throw new IOException("the scheduler of virtual threads has ended", e);
    } finally {
      written.countDown();
    }
  }

  /** By a carrier, with no virtual thread on it. */
  private static void hold(CountDownLatch held, CountDownLatch written) {
    held.countDown();
    try {
      written.await();
    } catch (InterruptedException _) {
      // Whoever wants the carrier gets it; the dump tells what it did with it.
      Thread.currentThread().interrupt();
    }
  }
}
