package dev.selvage.cli;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Runs command lines in this JVM and keeps what they say. */
final class Commands {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private String input = "";
  private boolean interactive;
  private boolean screen;
  private JavaProcesses processes = new MachineProcesses();
  private Path lib = Path.of("/nowhere/lib");

  Commands from(Path directory) {
    lib = directory;
    return this;
  }

  /** As on a machine on which only these JVMs run. */
  Commands where(Process... running) {
    JavaProcesses machine = new MachineProcesses();
    List<Long> pids = Stream.of(running).map(Process::pid).toList();
    processes =
        new JavaProcesses() {
          @Override
          public List<JavaProcess> all() {
            return machine.all().stream().filter(p -> pids.contains(p.pid())).toList();
          }

          @Override
          public @Nullable JavaProcess find(long pid) {
            return machine.find(pid);
          }
        };
    return this;
  }

  /** As with results that go to a terminal. */
  Commands showing() {
    screen = true;
    return this;
  }

  /** As at a terminal at which somebody types that. */
  Commands typing(String text) {
    input = text;
    interactive = true;
    return this;
  }

  Terminal terminal() {
    return new Terminal(
        new BufferedReader(new StringReader(input)),
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8),
        false,
        false,
        screen,
        interactive);
  }

  /** The exit code. */
  int run(String... arguments) {
    var installation = new Installation(lib, Path.of(System.getProperty("java.home")));
    return Selvage.run(arguments, installation, terminal(), processes);
  }

  String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  String err() {
    return err.toString(StandardCharsets.UTF_8);
  }
}
