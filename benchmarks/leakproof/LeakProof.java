import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Leaks;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.profile.GoroutineProfile;
import dev.selvage.diagnostics.prover.Prover;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.SynchronousQueue;

/**
 * Blocks n virtual threads for ever and times three looks, each a proof of its own; or, with a
 * second argument, three plain goroutine profiles in each form. The counterpart of leakproof.go.
 */
public final class LeakProof {
  private LeakProof() {}

  public static void main(String[] args) throws InterruptedException {
    int n = Integer.parseInt(args[0]);
    leak(n);
    Thread.sleep(500);
    if (args.length > 1) {
      profiles(n);
      return;
    }
    for (int i = 1; i <= 3; i++) {
      Report report = Prover.ofThisJvm().find(Leaks.Mode.NOW);
      int found =
          report.findings().stream()
              .filter(f -> f instanceof Finding.Proven)
              .mapToInt(f -> f.details().count())
              .sum();
      System.out.printf(
          Locale.ROOT,
          "jvm look=%d n=%d found=%d total_ms=%.1f pause_ms=%.1f rounds=%d%n",
          i,
          n,
          found,
          report.proof().totalMillis(),
          report.proof().pauseMillis(),
          report.proof().rounds());
    }
  }

  private static void profiles(int n) {
    for (int i = 1; i <= 3; i++) {
      for (String form : new String[] {"text", "proto"}) {
        long start = System.nanoTime();
        GoroutineProfile profile =
            GoroutineProfile.take("goroutine", "leakproof", Prover.ofThisJvm());
        int bytes = form.equals("text") ? profile.toText().length() : profile.toProto().length;
        System.out.printf(
            Locale.ROOT,
            "jvm %s=%d n=%d found=%d total_ms=%.1f pause_ms=0 bytes=%d%n",
            form,
            i,
            n,
            profile.total(),
            (System.nanoTime() - start) / 1e6,
            bytes);
      }
    }
  }

  private static void leak(int n) throws InterruptedException {
    CountDownLatch started = new CountDownLatch(n);
    for (int i = 0; i < n; i++) {
      Thread.startVirtualThread(
          () -> {
            SynchronousQueue<Integer> queue = new SynchronousQueue<>();
            started.countDown();
            try {
              queue.put(1);
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
    }
    started.await();
  }
}
