package dev.selvage.verification;

import dev.selvage.diagnostics.Leaks.Mode;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.prover.Prover;
import java.lang.reflect.Field;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;

/**
 * A program that brings the prover itself, and looks all the time, while the agent's copy does too.
 */
public final class TwoProversProgram {
  static final int EACH = 10;

  private static final ExecutorService EXECUTOR = Executors.newVirtualThreadPerTaskExecutor();
  private static volatile boolean stop;
  private static volatile boolean looked;
  private static volatile String wrong = "";

  private TwoProversProgram() {}

  public static void main(String[] args) throws Exception {
    Child.startAside(
        () -> {
          for (int i = 0; i < EACH; i++) {
            Thread.startVirtualThread(TwoProversProgram::leakDirect);
            EXECUTOR.execute(TwoProversProgram::leakInside);
          }
        });
    Thread.sleep(200);
    Thread looking = Thread.ofPlatform().daemon().start(TwoProversProgram::look);
    while (!looked) {
      Thread.sleep(10);
    }
    Child.serve(
        _ -> {
          stop = true;
          looking.join();
          int sets = sets();
          EXECUTOR.shutdownNow();
          boolean ends = EXECUTOR.awaitTermination(30, TimeUnit.SECONDS);
          Child.say(
              ends && wrong.isEmpty()
                  ? "sound, sets " + sets
                  : "unsound: the executor ends " + ends + "; found " + wrong);
        });
  }

  private static void look() {
    while (!stop) {
      Report report = Prover.ofThisJvm().find(Mode.NOW);
      int count = report.findings().stream().mapToInt(f -> f.details().count()).sum();
      if (!report.proof().complete() || report.proof().refuted() > 0 || count != 2 * EACH) {
        wrong = count + " in " + report.proof();
      }
      looked = true;
    }
  }

  /** How many sets of provers lie around the one that the executor made. */
  private static int sets() throws Exception {
    Object set = field(EXECUTOR, "threads");
    int sets = 0;
    while (set.getClass().getSimpleName().equals("HidingSet")) {
      sets++;
      set = field(set, "strong");
    }
    return sets;
  }

  private static Object field(Object holder, String name) throws Exception {
    Field field = holder.getClass().getDeclaredField(name);
    field.setAccessible(true);
    return field.get(holder);
  }

  private static void leakDirect() {
    try {
      new SynchronousQueue<Integer>().take(); // LEAK direct
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void leakInside() {
    try {
      new SynchronousQueue<Integer>().take(); // LEAK inside
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
