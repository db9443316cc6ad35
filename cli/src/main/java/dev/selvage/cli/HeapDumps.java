package dev.selvage.cli;

import dev.selvage.diagnostics.Excuses;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.heap.HeapDumpException;
import dev.selvage.diagnostics.heap.HeapMemoryException;
import dev.selvage.diagnostics.prover.HeapDumpProver;
import dev.selvage.diagnostics.prover.HeapDumpProver.Compiled;
import dev.selvage.diagnostics.prover.HeapDumpProver.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Looks for leaks in heap dumps: in a file that is there, or of a process. */
final class HeapDumps {
  private static final String OPTIMISING = "4";

  /** How long the agent may take to dump, beside what virtual threads take to be kept off. */
  private static final Duration DUMP_PATIENCE = Duration.ofMinutes(30);

  /** How many dumps are taken at most where one lacks what threads had in their hands just then. */
  private static final int TRIES = 3;

  private final Installation installation;
  private final Targets targets;
  private final Terminal terminal;

  HeapDumps(Installation installation, Targets targets, Terminal terminal) {
    this.installation = installation;
    this.targets = targets;
    this.terminal = terminal;
  }

  /** The heap dump that the user means; null if it is none. Whether it can be read shows later. */
  static @Nullable Path file(String target) {
    if (target.isEmpty() || target.chars().allMatch(Character::isDigit)) {
      return null;
    }
    try {
      Path path = Path.of(target);
      boolean named = target.endsWith(".hprof") || target.endsWith(".hprof.gz");
      return named || Files.isRegularFile(path) ? path : null;
    } catch (InvalidPathException _) {
      return null; // an address, or nothing at all
    }
  }

  /** What is in a file. */
  Report look(Path file, Excuses excuses) {
    try {
      return HeapDumpProver.look(
          file,
          Source.OFFLINE,
          0,
          Compiled.NOT_KNOWN,
          line -> terminal.say(line + " in the dump"),
          excuses);
    } catch (HeapDumpException e) {
      throw new CommandFailure(ExitCode.UNREACHABLE, file + ": " + e.getMessage());
    } catch (HeapMemoryException e) {
      throw new CommandFailure(ExitCode.INCOMPLETE, file + ": " + e.getMessage());
    } catch (IOException e) {
      throw new CommandFailure(
          ExitCode.UNREACHABLE, "cannot read " + file + ": " + CommandFailure.reason(e));
    }
  }

  /**
   * Dumps a process, looks, and deletes the dump. Once more and again, if nothing can be proven
   * from one because of what threads were just doing. A dump that cannot be read stays, since
   * either it or the reader is at fault.
   *
   * @param keep where the dump goes from which the report was made; null if it is to be deleted
   * @param hold whether virtual threads are to be kept off their carriers, which takes the agent
   */
  Report exact(JavaProcess process, Excuses excuses, @Nullable Path keep, boolean hold)
      throws InterruptedException {
    if (keep != null && Files.exists(keep)) {
      throw new CommandFailure(ExitCode.USAGE, keep + " is there already");
    }
    try (ReportDirectory directory = ReportDirectory.create(Targets.owner(process))) {
      // Ctrl-C must not leave the heap of a program behind.
      var cleaner = new Thread(directory::close, "selvage-cleaner");
      Runtime.getRuntime().addShutdownHook(cleaner);
      try {
        for (int i = 1; ; i++) {
          Report report = exact(process, directory, excuses, keep, hold);
          if (i == TRIES || !HeapDumpProver.isWorthAnother(report)) {
            if (keep != null) {
              move(directory, keep);
            }
            return report;
          }
          terminal.say(
              "nothing is proven from this dump, since it lacks what threads had in their hands"
                  + " just then; dump "
                  + (i + 1)
                  + " of at most "
                  + TRIES);
          Files.delete(directory.heapDump());
        }
      } catch (IOException e) {
        throw new CommandFailure(
            ExitCode.INCOMPLETE, "the dump cannot be used: " + CommandFailure.reason(e));
      } finally {
        forget(cleaner);
      }
    }
  }

  /** Dumps a process once, and looks. */
  private Report exact(
      JavaProcess process,
      ReportDirectory directory,
      Excuses excuses,
      @Nullable Path keep,
      boolean hold)
      throws IOException, InterruptedException {
    long pid = process.pid();
    Path file = directory.heapDump();
    long most = residentBytes(pid);
    if (most > directory.usableSpace()) {
      throw new CommandFailure(
          ExitCode.INCOMPLETE,
          "a dump of process "
              + pid
              + " may need "
              + mebibytes(most)
              + ", and there is less room for "
              + file
              + ": name another place with JAVA_TOOL_OPTIONS=-Djava.io.tmpdir=DIRECTORY");
    }
    terminal.say(
        "dumping the heap of "
            + pid
            + " ("
            + process.label()
            + "), which stands still meanwhile; "
            + file
            + (keep == null ? " is deleted afterwards" : " goes to " + keep + " afterwards"));
    // Compiled code goes only when no stack has it: what was there both before and after.
    Set<String> compiled = new HashSet<>(optimised(directory, pid));
    String said =
        hold ? held(process, directory) : jcmd(directory, pid, "GC.heap_dump", file.toString());
    if (!Files.exists(file)) {
      throw new CommandFailure(
          ExitCode.UNREACHABLE, "process " + pid + " wrote no heap dump: " + lastLine(said));
    }
    compiled.addAll(optimised(directory, pid));
    terminal.say("reading " + mebibytes(Files.size(file)));
    try {
      return HeapDumpProver.look(
          file,
          Source.EXACT,
          pid,
          frame -> compiled.contains(frame.getClassName() + "." + frame.getMethodName()),
          line -> terminal.say(line + " in the dump"),
          excuses);
    } catch (HeapDumpException e) {
      keep(directory);
      throw new CommandFailure(ExitCode.INCOMPLETE, file + ": " + e.getMessage());
    } catch (HeapMemoryException e) {
      throw new CommandFailure(ExitCode.INCOMPLETE, file + ": " + e.getMessage());
    } catch (RuntimeException e) {
      keep(directory);
      throw e;
    }
  }

  /** Has the agent dump it, with no virtual thread on a carrier; what came of that. */
  private String held(JavaProcess process, ReportDirectory directory) throws IOException {
    try (Attachment attachment = Attachment.to(process.pid())) {
      targets.warn(process, attachment);
      attachment.load(
          targets.agentJar(),
          new AgentOptions()
              .set("command", "dump")
              .set("report", directory.report())
              .set("dump-file", directory.heapDump()),
          DUMP_PATIENCE);
    }
    String said = directory.readReport();
    if (said == null) {
      return "the agent left no word: the standard error of that process has the cause";
    }
    if (said.startsWith("{")) {
      ReportReader.read(said); // throws what it says
    }
    Files.delete(directory.report()); // so that it is not taken for that of the next dump
    terminal.say(said);
    return said;
  }

  private void move(ReportDirectory directory, Path to) {
    try {
      Files.move(directory.heapDump(), to);
      terminal.say("the dump is in " + to);
    } catch (IOException e) {
      directory.keep();
      terminal.say(
          "the dump stays in "
              + directory.heapDump()
              + ", since it cannot be put into "
              + to
              + ": "
              + CommandFailure.reason(e));
    }
  }

  private void keep(ReportDirectory directory) {
    directory.keep();
    terminal.say(
        "the dump stays, for it should have been read: "
            + directory.heapDump()
            + "; it has all that the program knows, so delete it when it is no longer needed");
  }

  private static void forget(Thread cleaner) {
    try {
      Runtime.getRuntime().removeShutdownHook(cleaner);
    } catch (IllegalStateException _) {
      // Ctrl-C: it is at work.
    }
  }

  /** The methods that the optimising compiler has compiled, as {@code com.acme.Order.quote}. */
  private List<String> optimised(ReportDirectory directory, long pid)
      throws IOException, InterruptedException {
    return optimised(jcmd(directory, pid, "Compiler.codelist"));
  }

  /** The same from what {@code jcmd PID Compiler.codelist} says. */
  static List<String> optimised(String codeList) {
    List<String> methods = new ArrayList<>();
    for (String line : codeList.lines().toList()) {
      // 101 4 1 com.acme.Order.quote(Ljava/lang/String;)V [0x…]: number, level, state, method
      String[] words = line.strip().split(" +", 5);
      if (words.length >= 4 && words[1].equals(OPTIMISING) && words[3].contains("(")) {
        methods.add(words[3].substring(0, words[3].indexOf('(')));
      }
    }
    return methods;
  }

  /** Runs a command of {@code jcmd}, for as long as it takes, unless the process is stopped. */
  private String jcmd(ReportDirectory directory, long pid, String... command)
      throws IOException, InterruptedException {
    var stopped = new Stopped(pid);
    // One that is stopped would take the signal that attaching begins with later.
    while (Stopped.now(pid)) {
      giveUpIf(stopped, pid);
      Thread.sleep(Stopped.LOOK_EVERY);
    }
    List<String> words = new ArrayList<>();
    words.add(installation.javaHome().resolve("bin").resolve("jcmd").toString());
    words.add(Long.toString(pid));
    words.addAll(List.of(command));
    Path answer = directory.answer();
    Process jcmd =
        new ProcessBuilder(words).redirectErrorStream(true).redirectOutput(answer.toFile()).start();
    try {
      while (!jcmd.waitFor(Stopped.LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
        giveUpIf(stopped, pid);
      }
    } finally {
      jcmd.destroyForcibly(); // does nothing to one that has ended
    }
    String said = Files.readString(answer);
    if (jcmd.exitValue() != 0) {
      throw new CommandFailure(
          ExitCode.UNREACHABLE, "process " + pid + " cannot be dumped: " + lastLine(said));
    }
    return said;
  }

  private static void giveUpIf(Stopped stopped, long pid) {
    if (stopped.forLong()) {
      throw new CommandFailure(ExitCode.UNREACHABLE, "process " + pid + " " + Stopped.told(pid));
    }
  }

  private static String lastLine(String text) {
    return text.lines().filter(line -> !line.isBlank()).reduce((_, b) -> b).orElse("no answer");
  }

  /** How much memory the process has, which its live objects cannot exceed; 0 where not known. */
  private static long residentBytes(long pid) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "status"))) {
        if (line.startsWith("VmRSS:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
        }
      }
    } catch (IOException | NumberFormatException _) {
      // No such list here: then a dump that has no room fails by itself.
    }
    return 0;
  }

  private static String mebibytes(long bytes) {
    return String.format(Locale.ROOT, "%,d MiB", (bytes + (1 << 20) - 1) >> 20);
  }
}
