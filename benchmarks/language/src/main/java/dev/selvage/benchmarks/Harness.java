package dev.selvage.benchmarks;

import java.util.Arrays;
import java.util.Map;

/**
 * Runs one program in this JVM and prints its figures on one line: {@code NAME N WARM_MILLIS
 * REPEATS}. It is run again and again until the time for warming up is over, three times at least
 * unless that time is zero, and then as often as it is to be measured. The same as {@code measure}
 * in {@code main.go}.
 */
public final class Harness {
  private static final int PARKED = 1 << 8;

  private Harness() {}

  /** Something to measure. */
  @FunctionalInterface
  public interface Program {
    /** Does n times what the program is about, and returns when all of it is done. */
    void run(int n) throws Exception;
  }

  /**
   * Measures what the arguments name; prints nanoseconds for one operation, or {@code none} when
   * there is no such program here. {@code memory} is a program that leaves n goroutines parked: its
   * figure is the bytes of heap that each one takes. Programs about lateness are {@link Hogs}'s.
   */
  public static void main(Map<String, Program> programs, Hogs.Starter hogs, String[] args)
      throws Exception {
    if (args[0].startsWith(Hogs.PREFIX)) {
      Hogs.main(hogs, args);
    }
    Program program = programs.get(args[0]);
    if (program == null) {
      System.out.println("none");
      return;
    }
    int n = Integer.parseInt(args[1]);
    long warm = Long.parseLong(args[2]) * 1_000_000;
    double[] figures = new double[Integer.parseInt(args[3])];
    if (args[0].equals("memory")) {
      program.run(PARKED); // loads the classes
      long before = usedHeap();
      program.run(n);
      figures = new double[] {(double) (usedHeap() - before) / n};
    } else {
      long begun = System.nanoTime();
      for (int i = 0; warm > 0 && (i < 3 || System.nanoTime() - begun < warm); i++) {
        program.run(n);
      }
      for (int i = 0; i < figures.length; i++) {
        long start = System.nanoTime();
        program.run(n);
        figures[i] = (double) (System.nanoTime() - start) / n;
      }
    }
    Arrays.sort(figures);
    System.out.println(figures[figures.length / 2]);
    System.exit(0); // whatever is still parked
  }

  private static long usedHeap() throws InterruptedException {
    for (int i = 0; i < 3; i++) {
      Thread.sleep(300); // the last of them are still on their way to park
      System.gc();
    }
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }
}
