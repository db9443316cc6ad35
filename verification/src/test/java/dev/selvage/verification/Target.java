package dev.selvage.verification;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.tools.attach.VirtualMachine;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.ReportJson;
import dev.selvage.diagnostics.prover.HeapDumpProver;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A JVM of its own that runs a program under test, and the ways to look at it: the agent's report,
 * a look by attach, and the JDK's own thread dump. Waits end with an error after {@link #PATIENCE};
 * closing ends the process.
 */
final class Target implements AutoCloseable {
  /** How long anything may take before a test gives up: a guard against hanging, no figure. */
  static final Duration PATIENCE = Duration.ofMinutes(2);

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String JAVA =
      Path.of(System.getProperty("java.home"), "bin", "java").toString();
  private static final String END = "(the program has ended)";
  private static final int KEPT_DUMPS = 5;
  private static final int TRIES = 30;

  private final Process process;
  private final Path directory;
  private final Writer stdin;
  private final BlockingQueue<String> stdout = new LinkedBlockingQueue<>();
  private final Deque<Path> dumps = new ArrayDeque<>();
  private int looks;

  private Target(Process process, Path directory) {
    this.process = process;
    this.directory = directory;
    this.stdin = process.outputWriter(StandardCharsets.UTF_8);
    Thread.ofVirtual().name("stdout of " + process.pid()).start(this::readLines);
  }

  /** Collects what a JVM is started with. */
  static final class Launch {
    private final List<String> options = new ArrayList<>();
    private List<String> before = List.of();
    private String classPath = Project.programs();
    private String java = JAVA;

    private Launch() {}

    /** {@code G1}, {@code Parallel} or {@code Serial}. */
    Launch collector(String name) {
      return option("-XX:+Use" + name + "GC");
    }

    Launch option(String... option) {
      options.addAll(List.of(option));
      return this;
    }

    /** By another JDK, or one that can only run programs. */
    Launch of(Path javaHome) {
      java = javaHome.resolve("bin").resolve("java").toString();
      return this;
    }

    /** By way of a command that becomes the JVM, as {@code setpriv} does. */
    Launch by(List<String> command) {
      before = command;
      return this;
    }

    Launch classPath(String path) {
      classPath = path;
      return this;
    }

    /** Whether a JVM starts with the options so far: not every JDK has every collector. */
    boolean isKnown() throws IOException, InterruptedException {
      var command = new ArrayList<String>(List.of(java));
      command.addAll(options);
      command.add("-version");
      return new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    }

    /** With the agent from the start; its report goes to {@link Target#report}. */
    Launch agent(Path directory, String agentOptions) {
      return option(
          "-javaagent:"
              + Project.agent()
              + "="
              + agentOptions
              + ",text=false,quiet=true,report="
              + encode(directory.resolve("report.json")));
    }

    /** Starts the main class; its files go to the directory. */
    Target start(Path directory, Class<?> main, String... args) throws IOException {
      return start(directory, main.getName(), args);
    }

    Target start(Path directory, String main, String... args) throws IOException {
      var command = new ArrayList<String>(before);
      command.add(java);
      // The JIT's second tier only costs time in programs that mostly wait.
      command.addAll(List.of("-Xmx512m", "-XX:TieredStopAtLevel=1"));
      command.add("-XX:+EnableDynamicAgentLoading");
      command.addAll(options);
      command.addAll(List.of("-cp", classPath, main));
      command.addAll(List.of(args));
      Process process =
          new ProcessBuilder(command)
              .redirectError(directory.resolve("stderr.txt").toFile())
              .directory(directory.toFile())
              .start();
      return new Target(process, directory);
    }
  }

  static Launch java() {
    return new Launch();
  }

  long pid() {
    return process.pid();
  }

  /** Waits for a line of standard output that starts so, and returns it. */
  String await(String start) throws InterruptedException {
    return await(start, PATIENCE);
  }

  /** The same with another patience, for what takes long by itself. */
  String await(String start, Duration patience) throws InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    while (true) {
      String line = stdout.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
      if (line == null || line.equals(END)) {
        throw new AssertionError(
            "no line '" + start + "…': " + (line == null ? "timed out" : line) + "\n" + stderr());
      }
      if (line.startsWith(start)) {
        return line;
      }
    }
  }

  /** Says a line and waits for the answer that starts so. */
  String ask(String line, String answer) throws IOException, InterruptedException {
    stdin.write(line + "\n");
    stdin.flush();
    return await(answer);
  }

  /** Looks now, by attach. */
  Look look(String... more) throws Exception {
    Path report = directory.resolve("look-" + ++looks + ".json");
    attach("command=leaks,report=" + encode(report) + String.join("", more));
    return Look.read(report);
  }

  /** Loads the agent with these options, which returns when the agent's work is done. */
  void attach(String options) throws Exception {
    attach(Project.agent(), options);
  }

  /** The same with an agent of one's own. */
  void attach(Path agent, String options) throws Exception {
    VirtualMachine vm = VirtualMachine.attach(Long.toString(pid()));
    try {
      vm.loadAgent(agent.toString(), options);
    } finally {
      vm.detach();
    }
  }

  /** The report of an agent that was there from the start; waits until it is written. */
  Look report() throws Exception {
    Path report = directory.resolve("report.json");
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!Files.exists(report)) {
      if (System.nanoTime() > end || !process.isAlive()) {
        throw new AssertionError("no report was written:\n" + stderr());
      }
      Thread.sleep(20);
    }
    return Look.read(report);
  }

  /** The stacks of all virtual threads, by the JDK's own thread dump. */
  List<Listed> dump() throws Exception {
    return readDump(dumpFile());
  }

  /** The file with that dump. */
  Path dumpFile() throws Exception {
    Path file = directory.resolve("threads-" + ++looks + ".json");
    ask("dump " + file, "dumped");
    return file;
  }

  /** The same by {@code jcmd Thread.dump_to_file}, from outside. */
  List<Listed> jcmd() throws Exception {
    return readDump(jcmdFile());
  }

  /** The file with that. */
  Path jcmdFile() throws Exception {
    Path file = directory.resolve("threads-" + ++looks + ".json");
    jcmd("Thread.dump_to_file", "-format=json", file.toString());
    return file;
  }

  /** The heap, by {@code jcmd GC.heap_dump}, from outside; with more options for that. */
  Path heapDump(String... options) throws Exception {
    Path file = directory.resolve("heap-" + ++looks + ".hprof");
    var command = new ArrayList<String>(List.of("GC.heap_dump"));
    command.addAll(List.of(options));
    command.add(file.toString());
    jcmd(command.toArray(String[]::new));
    return file;
  }

  /** The heap, by the agent, while virtual threads are kept off their carriers; and its word. */
  Path heldDump(StringBuilder word) throws Exception {
    Path file = directory.resolve("heap-" + ++looks + ".hprof");
    Path report = directory.resolve("held-" + looks);
    attach("command=dump,report=" + encode(report) + ",dump-file=" + encode(file));
    word.append(Files.readString(report));
    return file;
  }

  /**
   * What is proven from a dump of the heap. The first tier compiles everything here, so that a dump
   * has all that stacks hold.
   */
  Look exactLook(String... options) throws Exception {
    return dumpLook(_ -> false, options);
  }

  /**
   * What is proven from a dump of the heap, with what is known of what was compiled. From the first
   * dump that has all that threads had in their hands; it stays in the directory of the test, which
   * stays if the test fails.
   */
  Look dumpLook(HeapDumpProver.Compiled compiled, String... options) throws Exception {
    for (int i = 1; ; i++) {
      Path file = heapDump(options);
      Report report = prove(file, compiled);
      if (i < TRIES && HeapDumpProver.isWorthAnother(report)) {
        Files.delete(file);
        continue;
      }
      dumps.add(file);
      if (dumps.size() > KEPT_DUMPS) {
        Files.deleteIfExists(dumps.remove());
      }
      return Look.of(JSON.readTree(ReportJson.render(report)));
    }
  }

  /** What is proven from that dump of this program. */
  Report prove(Path dump, HeapDumpProver.Compiled compiled) throws IOException {
    return HeapDumpProver.look(dump, HeapDumpProver.Source.EXACT, pid(), compiled, _ -> {});
  }

  /** How many objects of a class are reachable, by {@code jcmd GC.class_histogram}. */
  int reachable(Class<?> type) throws Exception {
    return jcmd("GC.class_histogram")
        .lines()
        .map(line -> line.strip().split("\\s+"))
        .filter(words -> words.length > 3 && words[3].equals(type.getName()))
        .mapToInt(words -> Integer.parseInt(words[1]))
        .sum();
  }

  private String jcmd(String... command) throws Exception {
    var words = new ArrayList<String>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString());
    words.add(Long.toString(pid()));
    words.addAll(List.of(command));
    Process jcmd = new ProcessBuilder(words).redirectErrorStream(true).start();
    String said = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (jcmd.waitFor() != 0) {
      throw new AssertionError(said);
    }
    return said;
  }

  /** A thread in a dump. */
  record Listed(String name, boolean virtual, List<Frame> stack) {}

  private static List<Listed> readDump(Path file) throws IOException {
    var threads = new ArrayList<Listed>();
    JsonNode root = JSON.readTree(Files.readString(file));
    for (JsonNode container : root.path("threadDump").path("threadContainers")) {
      for (JsonNode thread : container.path("threads")) {
        var stack = new ArrayList<Frame>();
        thread.path("stack").forEach(line -> Frame.parse(line.asText()).ifPresent(stack::add));
        threads.add(
            new Listed(
                thread.path("name").asText(),
                thread.path("virtual").asBoolean(),
                List.copyOf(stack)));
      }
    }
    return List.copyOf(threads);
  }

  /** What it has written to standard error so far. */
  String stderr() {
    try {
      return Files.readString(directory.resolve("stderr.txt"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Closes its standard input, upon which it ends by itself, and returns its exit code. */
  int end() throws IOException, InterruptedException {
    stdin.close();
    if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError("does not end:\n" + stderr());
    }
    return process.exitValue();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Asks it to end, as {@code kill} does, and returns its exit code. */
  int terminate() throws InterruptedException {
    process.toHandle().destroy(); // not by the process, which would close its streams as well
    if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError("does not end:\n" + stderr());
    }
    return process.exitValue();
  }

  @Override
  public void close() {
    process.destroyForcibly();
    if (!dumps.isEmpty()) {
      System.out.println("heap dumps, kept if this test fails: " + dumps);
    }
  }

  private void readLines() {
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line; (line = reader.readLine()) != null; ) {
        stdout.add(line);
      }
    } catch (IOException e) {
      stdout.add("standard output failed: " + e);
    }
    stdout.add(END);
  }

  private static String encode(Path path) {
    return URLEncoder.encode(path.toString(), StandardCharsets.UTF_8);
  }
}
