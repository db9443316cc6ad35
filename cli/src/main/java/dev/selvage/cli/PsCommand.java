package dev.selvage.cli;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Lists the JVMs of this machine: those that cannot be examined too, with the reason. */
@Command(
    name = "ps",
    description = "Lists the JVMs of this machine.",
    mixinStandardHelpOptions = true,
    versionProvider = Selvage.Version.class,
    footer = {
      "",
      "SELVAGE is the version of the agent in the JVM, or - where there is none. To",
      "know it, JVMs of Java 25 and newer are asked through their attach mechanism."
    })
final class PsCommand implements Callable<Integer> {
  /** How long a JVM may take to answer before it is listed as not answering. */
  private static final long PATIENCE_SECONDS = 5;

  private final Terminal terminal;
  private final JavaProcesses processes;

  @Option(names = "--json", description = "Print JSON (selvage.ps/1) instead of a table.")
  private boolean json;

  PsCommand(Terminal terminal, JavaProcesses processes) {
    this.terminal = terminal;
    this.processes = processes;
  }

  /**
   * A line of the list.
   *
   * @param agent the agent's version; null where there is none or it is not known
   * @param obstacle why it cannot be examined; null where it can
   */
  private record Row(JavaProcess process, @Nullable String agent, @Nullable String obstacle) {}

  @Override
  public Integer call() throws InterruptedException {
    List<Row> rows = ask(processes.all());
    if (json) {
      terminal.out().println(json(rows));
    } else if (rows.isEmpty()) {
      terminal.say("no JVM runs here beside this one");
    } else {
      terminal.out().print(table(rows));
    }
    return ExitCode.DONE;
  }

  /** Asks all at once, so that one which does not answer holds up no other. */
  private static List<Row> ask(List<JavaProcess> processes) throws InterruptedException {
    List<FutureTask<@Nullable String>> answers = new ArrayList<>();
    for (JavaProcess process : processes) {
      var answer = new FutureTask<@Nullable String>(() -> agentIn(process));
      answers.add(answer);
      // A daemon: one that waits for a JVM that never answers does not keep the command alive.
      Thread.ofPlatform().daemon().name("selvage-ask-" + process.pid()).start(answer);
    }
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < processes.size(); i++) {
      JavaProcess process = processes.get(i);
      String agent = null;
      String obstacle = process.obstacle();
      try {
        long left = Math.max(0, deadline - System.nanoTime());
        agent = answers.get(i).get(left, TimeUnit.NANOSECONDS);
      } catch (TimeoutException _) {
        obstacle = "does not answer: is it stopped?";
      } catch (ExecutionException e) {
        Throwable cause = e.getCause();
        obstacle = cause == null ? e.toString() : String.valueOf(cause.getMessage());
        String prefix = "process " + process.pid() + " ";
        obstacle = obstacle.startsWith(prefix) ? obstacle.substring(prefix.length()) : obstacle;
      }
      rows.add(new Row(process, agent, obstacle));
    }
    return rows;
  }

  private static @Nullable String agentIn(JavaProcess process) {
    if (process.obstacle() != null) {
      return null;
    }
    try (Attachment attachment = Attachment.to(process.pid())) {
      return attachment.property("dev.selvage.agent");
    }
  }

  private static String table(List<Row> rows) {
    List<List<String>> cells = new ArrayList<>();
    cells.add(List.of("PID", "JAVA", "SELVAGE", "USER", "MAIN"));
    for (Row row : rows) {
      JavaProcess process = row.process();
      String main = process.label();
      cells.add(
          List.of(
              Long.toString(process.pid()),
              orDash(process.java()),
              orDash(row.agent()),
              orDash(process.user()),
              row.obstacle() == null ? main : main + "  (" + row.obstacle() + ")"));
    }
    return Table.render(cells, 0);
  }

  private static String orDash(@Nullable String text) {
    return text == null ? "-" : text;
  }

  private static String json(List<Row> rows) {
    ObjectNode root = new JsonMapper().createObjectNode().put("schema", "selvage.ps/1");
    var list = root.putArray("processes");
    for (Row row : rows) {
      list.addObject()
          .put("pid", row.process().pid())
          .put("java", row.process().java())
          .put("agent", row.agent())
          .put("user", row.process().user())
          .put("main", row.process().main())
          .put("obstacle", row.obstacle());
    }
    return root.toString();
  }
}
