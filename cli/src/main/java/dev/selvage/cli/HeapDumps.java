package dev.selvage.cli;

import dev.selvage.diagnostics.Excuses;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.heap.HeapDumpException;
import dev.selvage.diagnostics.prover.HeapDumpProver;
import dev.selvage.diagnostics.prover.HeapDumpProver.Compiled;
import dev.selvage.diagnostics.prover.HeapDumpProver.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
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

  private final Installation installation;
  private final Terminal terminal;

  HeapDumps(Installation installation, Terminal terminal) {
    this.installation = installation;
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
    return look(file, Source.OFFLINE, 0, Compiled.NOT_KNOWN, excuses);
  }

  private Report look(Path file, Source source, long pid, Compiled compiled, Excuses excuses) {
    try {
      return HeapDumpProver.look(
          file, source, pid, compiled, line -> terminal.say(line + " in the dump"), excuses);
    } catch (HeapDumpException e) {
      throw new CommandFailure(ExitCode.UNREACHABLE, file + ": " + e.getMessage());
    } catch (IOException e) {
      throw new CommandFailure(
          ExitCode.UNREACHABLE, "cannot read " + file + ": " + CommandFailure.reason(e));
    } catch (OutOfMemoryError e) {
      throw new CommandFailure(
          ExitCode.INCOMPLETE,
          file
              + " needs more memory than "
              + mebibytes(Runtime.getRuntime().maxMemory())
              + ": give it some, as with JAVA_TOOL_OPTIONS=-Xmx8g");
    }
  }

  /** Dumps a process, looks, and deletes the dump. */
  Report exact(JavaProcess process, Excuses excuses) throws InterruptedException {
    long pid = process.pid();
    try (ReportDirectory directory = ReportDirectory.create(Targets.owner(process))) {
      // Ctrl-C must not leave the heap of a program behind.
      var cleaner = new Thread(directory::close, "selvage-cleaner");
      Runtime.getRuntime().addShutdownHook(cleaner);
      try {
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
                + " is deleted afterwards");
        // Compiled code goes only when no stack has it: what was there both before and after.
        Set<String> compiled = new HashSet<>(optimised(directory, pid));
        String said = jcmd(directory, pid, "GC.heap_dump", file.toString());
        if (!Files.exists(file)) {
          throw new CommandFailure(
              ExitCode.UNREACHABLE, "process " + pid + " wrote no heap dump: " + lastLine(said));
        }
        compiled.addAll(optimised(directory, pid));
        terminal.say("reading " + mebibytes(Files.size(file)));
        return look(
            file,
            Source.EXACT,
            pid,
            frame -> compiled.contains(frame.getClassName() + "." + frame.getMethodName()),
            excuses);
      } catch (IOException e) {
        throw new CommandFailure(
            ExitCode.INCOMPLETE, "the dump cannot be used: " + CommandFailure.reason(e));
      } finally {
        forget(cleaner);
      }
    }
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
