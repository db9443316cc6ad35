package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A signal of the operating system dumps the stacks, where the JVM does not need it itself. */
@EnabledOnOs(OS.LINUX)
final class DumpSignalIT {
  private static final String DUMPED = "selvage: stacks of all goroutines, on signal USR2";

  private final Path directory;

  DumpSignalIT(@TempDir Path directory) {
    this.directory = directory;
  }

  @Test
  void usr2_dumps_where_the_jvm_suspends_threads_by_another_one() throws Exception {
    try (Target target =
        Target.java()
            .by(List.of("env", "_JAVA_SR_SIGNUM=40"))
            .classPath(Project.testClasses())
            .agent(directory, "dump-signal=USR2")
            .start(directory, Stuck.class)) {
      target.await("ready");
      assertEquals(
          0, new ProcessBuilder("kill", "-USR2", Long.toString(target.pid())).start().waitFor());
      long end = System.nanoTime() + Target.PATIENCE.toNanos();
      while (!target.stderr().contains("Stuck.stay")) {
        assertTrue(System.nanoTime() < end, target::stderr);
        Thread.sleep(10);
      }
      assertTrue(target.stderr().contains(DUMPED), target.stderr());
    }
  }

  @Test
  void usr2_is_refused_where_the_jvm_suspends_threads_by_it() throws Exception {
    try (Target target =
        Target.java()
            .classPath(Project.testClasses())
            .agent(directory, "dump-signal=USR2")
            .start(directory, Stuck.class)) {
      target.await("ready");
      assertTrue(target.stderr().contains("signal USR2 is in use"), target.stderr());
      assertTrue(target.stderr().contains("_JAVA_SR_SIGNUM=40"), target.stderr());
      assertFalse(target.stderr().contains("\tat "), target.stderr());
    }
  }

  /** Has a virtual thread that waits, and ends with its standard input. */
  static final class Stuck {
    private static final Object NEVER = new Object();
    private static final CountDownLatch STARTED = new CountDownLatch(1);

    private Stuck() {}

    public static void main(String[] args) throws Exception {
      Thread.ofVirtual().start(Stuck::stay);
      STARTED.await();
      System.out.println("ready");
      while (System.in.read() >= 0) {
        // Until the test ends.
      }
    }

    private static void stay() {
      STARTED.countDown();
      synchronized (NEVER) {
        while (true) {
          try {
            NEVER.wait();
          } catch (InterruptedException e) {
            return;
          }
        }
      }
    }
  }
}
