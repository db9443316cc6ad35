package dev.selvage.diagnostics.prover;

import com.sun.management.HotSpotDiagnosticMXBean;
import dev.selvage.diagnostics.cores.Cores;
import dev.selvage.diagnostics.jdk.Jdk;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Dumps the heap of this JVM while its virtual threads are kept off their carriers, each where it
 * has blocked or yielded by itself. Then the dump has the whole stack of every one of them.
 */
public final class HeldDump {
  /*
   * The carriers of the JDK are given something else to do (HeldCarriers); the schedulers of
   * Selvage are asked to begin nothing (Probe.hold). Nobody is stopped: a thread leaves its carrier
   * where it would have left it anyway, and those that become runnable meanwhile wait, with their
   * whole stacks in the heap.
   *
   * This is not what makes a proof right. What is proven from the dump is judged as from any other:
   * by what it has of each thread. It only makes it likely that it has everything.
   */

  /** For what platform threads were just doing for the virtual ones, as timers. */
  private static final long SETTLE_MILLIS = 20;

  private static final long LOOK_MILLIS = 1;

  /**
   * After which everything goes on, whatever has become of the dump. The JVM itself stands still
   * from soon after its beginning until the objects are written.
   */
  private static final Duration LONGEST = Duration.ofSeconds(15);

  private HeldDump() {}

  /**
   * What came of it.
   *
   * @param carriers how many the JDK's scheduler has; 0 if it is not known
   * @param inUse how many of these were in use still when the dump was made
   * @param machines how many carriers the schedulers of Selvage have
   * @param running how many of these ran something still
   * @param others whether there are goroutines on a scheduler which cannot be held
   * @param lapsed whether it took so long that they went on before the end
   */
  public record Held(
      int carriers, int inUse, int machines, int running, boolean others, boolean lapsed) {
    /** In a sentence. */
    @Override
    public String toString() {
      var said = new StringBuilder();
      if (carriers == 0) {
        said.append("virtual threads could not be kept off the carriers of the JDK's scheduler,");
        said.append(" which is not known");
      } else {
        said.append(carriers - inUse).append(" of ").append(carriers);
        said.append(" carriers were kept free of virtual threads while it was dumped");
      }
      if (machines > 0) {
        said.append("; ").append(machines - running).append(" of ").append(machines);
        said.append(" carriers of Selvage's scheduler were kept free of goroutines");
      }
      if (others) {
        said.append("; goroutines of another version of Selvage ran on");
      }
      if (lapsed) {
        said.append("; as it took more than ").append(LONGEST.toSeconds());
        said.append(" s, all may have gone on before it was written");
      }
      return said.toString();
    }
  }

  /**
   * Writes it. Blocks until it is written; nobody who runs on one of these schedulers gets on
   * meanwhile, so no virtual thread may call it.
   *
   * @param file that is not there yet; its name must end in {@code .hprof}
   * @param patience for how long virtual threads may take to leave their carriers
   * @return what was kept off
   * @throws IOException if the file cannot be written
   */
  public static Held write(Path file, Duration patience) throws IOException, InterruptedException {
    // Before anything is held, as it may load classes.
    var dumper = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    Jdk jdk = Jdk.ofThisJvm();
    long begun = System.nanoTime();
    long end = begun + patience.toNanos();
    try (Cores.Hold machines = Cores.hold(LONGEST);
        var carriers = new HeldCarriers(jdk, begun + LONGEST.toNanos())) {
      boolean all = carriers.await(end);
      Cores.Standing standing = machines.standing();
      for (; !standing.all() && end - System.nanoTime() > 0; standing = machines.standing()) {
        Thread.sleep(LOOK_MILLIS);
      }
      if (all && standing.all()) {
        Thread.sleep(SETTLE_MILLIS);
      }
      int inUse = carriers.inUse();
      // With a full collection, as garbage can hide leaks.
      dumper.dumpHeap(file.toString(), true);
      return new Held(
          carriers.carriers(),
          inUse,
          standing.machines(),
          standing.machines() - standing.still(),
          !machines.isComplete(),
          !machines.resume() || carriers.isLapsed());
    }
  }
}
