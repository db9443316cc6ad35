package dev.selvage.verification;

import dev.selvage.verification.kernels.Program;
import dev.selvage.verification.kernels.Program.Copy;
import dev.selvage.verification.kernels.Table;
import dev.selvage.verification.kernels.Table.Mode;
import dev.selvage.verification.kernels.Table.Row;
import java.time.Duration;

/**
 * Starts all kernels of the table in this JVM, in as many copies as they have there, and does what
 * its standard input asks until that ends. With the argument {@code fixed} it starts what leaves
 * the bug out, in fewer copies where there are many; controls have no such form.
 */
public final class Kernels {
  /** How many copies without the bug are enough: each does all its work. */
  private static final int FIXED_COPIES = 20;

  /** How long to wait for those that are busy before the next are started all the same. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private Kernels() {}

  public static void main(String[] args) throws Exception {
    boolean fixed = args.length > 0 && args[0].equals("fixed");
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, exception) -> {
          System.err.println("Exception in thread " + thread);
          exception.printStackTrace();
        });
    // A thread of its own, so that no frame of a living thread keeps what the kernels made.
    Child.startAside(
        () -> {
          for (Row row : Table.rows()) {
            if (!fixed || row.mode() != Mode.CONTROL) {
              int copies = fixed ? Math.min(row.copies(), FIXED_COPIES) : row.copies();
              start(row.program(), copies, fixed);
              awaitIdle();
            }
          }
        });
    Child.serve(_ -> {});
  }

  /**
   * Waits until the processors have nothing to do, so that the next kernel finds them as it would
   * in a process of its own. What is started from outside runs only then: a carrier takes it when
   * its own queue is empty.
   */
  private static void awaitIdle() throws InterruptedException {
    Thread.sleep(10);
    Thread.startVirtualThread(() -> {}).join(PATIENCE);
  }

  private static void start(Class<? extends Program> type, int copies, boolean fixed)
      throws Exception {
    for (int i = 0; i < copies; i++) {
      type.getDeclaredConstructor().newInstance().start(new Copy(i, fixed));
    }
  }
}
