package dev.selvage.verification;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.FutureTask;

/**
 * The child's side of the talk between a test and a program under test: one line each way. The
 * child says {@code ready}, then answers each line with one line of its own; it ends when its
 * standard input does, so that no child outlives its test.
 */
final class Child {
  private Child() {}

  /** Something that may throw. */
  interface Action {
    void run() throws Exception;
  }

  /** What else this child can do; prints its answer. */
  interface Commands {
    void run(String command) throws Exception;
  }

  /** Runs it in a platform thread that has ended when this returns. */
  static void startAside(Action action) throws Exception {
    var task =
        new FutureTask<>(
            () -> {
              action.run();
              return true;
            });
    Thread starter = Thread.ofPlatform().name("starter").start(task);
    task.get();
    starter.join();
  }

  /** Says that all is set up, and serves until standard input ends. */
  static void serve(Commands commands) throws Exception {
    say("ready");
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = in.readLine()) != null && !line.equals("exit"); ) {
      if (line.startsWith("dump ")) {
        dump(line.substring("dump ".length()));
        say("dumped");
      } else {
        commands.run(line);
      }
    }
  }

  static void say(String line) {
    System.out.println(line);
    System.out.flush();
  }

  /** The JDK's own list of threads, as {@code jcmd Thread.dump_to_file -format=json} writes it. */
  private static void dump(String file) throws IOException {
    ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
        .dumpThreads(file, ThreadDumpFormat.JSON);
  }
}
