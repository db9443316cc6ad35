package dev.selvage.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.selvage.diagnostics.Report;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Explains what Selvage can do here, or in a program, and why not more. */
@Command(
    name = "doctor",
    description = "Explains what is possible here, or in a running program, and why not more.",
    mixinStandardHelpOptions = true,
    versionProvider = Selvage.Version.class,
    footer = {
      "",
      "Without PID or URL it looks at this machine alone. Examples:",
      "  selvage doctor",
      "  selvage doctor 4711",
      "  selvage doctor http://localhost:6060 --json"
    })
final class DoctorCommand implements Callable<Integer> {
  private static final String PAGE = "/debug/selvage/doctor";
  private static final JsonMapper JSON = new JsonMapper();

  private final Targets targets;
  private final Terminal terminal;
  private final JavaProcesses processes;
  private final Surroundings surroundings;

  @Mixin private TargetArgument target = new TargetArgument();

  @Option(names = "--json", description = "Print JSON (selvage.checkup/1) instead of text.")
  private boolean json;

  DoctorCommand(
      Targets targets, Terminal terminal, JavaProcesses processes, Surroundings surroundings) {
    this.targets = targets;
    this.terminal = terminal;
    this.processes = processes;
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws InterruptedException {
    var checkup = new Checkup();
    CommandFailure failure = null;
    if (target.name == null) {
      surroundings.look(checkup);
      jvms(checkup);
    } else {
      try (DebugSource source = targets.open(target.spec, target.name)) {
        checkup.ok("reached", source.name());
        examine(ask(source), checkup);
      } catch (CommandFailure e) {
        failure = e;
        checkup.problem("reached", String.valueOf(e.getMessage()), null);
      }
    }
    terminal
        .out()
        .print(json ? checkup.json(target.name) + System.lineSeparator() : checkup.text());
    terminal.out().flush();
    return failure == null ? ExitCode.DONE : failure.exitCode();
  }

  private static JsonNode ask(DebugSource source) throws InterruptedException {
    JsonNode root;
    try {
      root = JSON.readTree(source.text(PAGE, DebugSource.PATIENCE));
    } catch (JsonProcessingException _) {
      root = JSON.nullNode();
    }
    if (!root.path("schema").asText().equals("selvage.doctor/1")) {
      throw new CommandFailure(
          ExitCode.UNREACHABLE,
          source.name() + " does not say how it is: is a Selvage debug server there?");
    }
    return root;
  }

  private void jvms(Checkup to) {
    List<JavaProcess> all = processes.all();
    if (all.isEmpty()) {
      to.note("JVMs", "none runs here beside this one", null);
    }
    for (JavaProcess process : all) {
      String what = process.pid() + " (" + process.label() + ")";
      String obstacle = process.obstacle();
      if (obstacle == null && Stopped.now(process.pid())) {
        obstacle = Stopped.told(process.pid());
      }
      if (obstacle == null) {
        to.ok("JVM", what + " can be attached to");
      } else {
        // In the words of all commands: what is so, and behind the last colon what to do.
        int colon = obstacle.lastIndexOf(": ");
        to.note(
            "JVM",
            what + " " + (colon < 0 ? obstacle : obstacle.substring(0, colon)),
            colon < 0 ? null : obstacle.substring(colon + 2));
      }
    }
  }

  // --------------- A program ---------------

  /** Explains what a program says of itself. */
  static void examine(JsonNode root, Checkup to) {
    to.ok("java", root.path("java").asText() + ", " + root.path("javaHome").asText());
    Surroundings.build("its JDK", text(root.path("buildNote")), to);
    String agent = text(root.path("agent"));
    if (agent == null) {
      to.note(
          "agent",
          "not there: the program serves its own debug pages",
          "selvage run, or -javaagent, shows more where packages below are not open");
    } else {
      to.ok("agent", agent);
    }
    proof(root.path("proof"), to);
    scheduler(root.path("scheduler"), to);
    processors(root, to);
    memory(root.path("memory"), to);
    if (root.path("flightRecorder").asBoolean()) {
      to.ok("recorder", "the flight recorder runs");
    } else {
      to.note("recorder", "no flight recorder runs", "selvage record PID --start starts one");
    }
  }

  private static @Nullable String text(JsonNode node) {
    return node.isTextual() ? node.asText() : null;
  }

  private static void proof(JsonNode proof, Checkup to) {
    List<String> modes = new ArrayList<>();
    proof.path("modes").forEach(mode -> modes.add(mode.asText()));
    String collector = proof.path("collector").asText();
    String because = text(proof.path("because"));
    if (modes.contains("now")) {
      to.ok("proof", collector + " proves leaks: " + Report.Capabilities.inWords(modes));
    } else if (because != null) {
      int colon = because.lastIndexOf(": ");
      to.problem(
          "proof",
          "none with " + collector + (colon < 0 ? "" : ": " + because.substring(0, colon)),
          colon < 0 ? because : because.substring(colon + 2));
    }
    alwaysOn(proof.path("alwaysOn"), modes.contains("always-on"), to);
    for (JsonNode missing : proof.path("missing")) {
      to.note("not open", missing.path("open").asText(), missing.path("costs").asText());
    }
  }

  private static void alwaysOn(JsonNode counters, boolean possible, Checkup to) {
    if (!counters.isObject()) {
      if (possible) {
        to.ok("always on", "not switched on");
      }
      return;
    }
    String said =
        counters.path("proven").asLong()
            + " threads proven, "
            + counters.path("carried").asLong()
            + " carried; "
            + counters.path("cycles").asLong()
            + " of "
            + counters.path("collections").asLong()
            + " collections judged what is old";
    String why = text(counters.path("why"));
    if (why == null) {
      to.ok("always on", said);
    } else {
      to.note("always on", said, why);
    }
  }

  private static void scheduler(JsonNode scheduler, Checkup to) {
    List<String> ps = new ArrayList<>();
    scheduler.path("gomaxprocs").forEach(n -> ps.add(n.asText()));
    String why = text(scheduler.path("jdkBecause"));
    if (!ps.isEmpty()) {
      to.ok(
          "scheduler",
          "Selvage's, GOMAXPROCS "
              + String.join(", ", ps)
              + (scheduler.path("wholeJvm").asBoolean() ? ", for all virtual threads" : ""));
    } else if (why != null) {
      to.note("scheduler", "that of the JDK, so there are no traces: " + why, null);
    } else {
      to.note(
          "scheduler",
          "that of the JDK: no goroutine was started with Selvage",
          "selvage run --scheduler=gmp runs all virtual threads on Selvage's");
    }
  }

  private static void processors(JsonNode root, Checkup to) {
    int jvm = root.path("processors").path("jvm").asInt();
    JsonNode quota = root.path("processors").path("quota");
    if (!quota.isNumber()) {
      to.ok("processors", jvm + ", without a quota");
      return;
    }
    String said = "a quota of " + Amounts.number(quota.asDouble()) + ", the JVM counts " + jvm;
    int fits = Math.max(2, (int) Math.ceil(quota.asDouble()));
    int most = jvm;
    for (JsonNode n : root.path("scheduler").path("gomaxprocs")) {
      most = Math.max(most, n.asInt());
    }
    if (most > fits) {
      to.note(
          "processors",
          said
              + ", and "
              + most
              + " are used at once: the container stops them all when it is spent",
          "leave GOMAXPROCS and -XX:ActiveProcessorCount alone, or make them " + fits);
    } else {
      to.ok("processors", said);
    }
  }

  private static void memory(JsonNode memory, Checkup to) {
    long heap = memory.path("maxHeap").asLong();
    JsonNode limit = memory.path("limit");
    String said = "the heap may have " + Amounts.text(heap, "bytes");
    if (!limit.isNumber()) {
      to.ok("memory", said + ", the container has no limit");
      return;
    }
    String all = said + " of " + Amounts.text(limit.asLong(), "bytes");
    if (heap > limit.asLong() * 9 / 10) {
      to.problem(
          "memory",
          all + ", and the JVM needs more than its heap: the container would kill it",
          "a smaller -Xmx, or -XX:MaxRAMPercentage=75");
    } else {
      to.ok("memory", all);
    }
  }
}
