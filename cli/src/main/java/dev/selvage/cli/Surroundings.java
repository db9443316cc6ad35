package dev.selvage.cli;

import dev.selvage.diagnostics.ControlGroup;
import dev.selvage.diagnostics.prover.JdkBuild;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What the command itself finds around it: JDKs, tools, limits. */
final class Surroundings {
  private final Map<String, String> environment;
  private final Installation installation;

  Surroundings(Map<String, String> environment, Installation installation) {
    this.environment = environment;
    this.installation = installation;
  }

  /** Looks. */
  void look(Checkup to) {
    java(to);
    home("SELVAGE_JAVA_HOME", true, to);
    home("JAVA_HOME", false, to);
    tool(
        "mvn",
        "MAVEN_HOME",
        "only a checkout needs it, to build: install Maven 3.8 or newer, or set MAVEN_HOME",
        to);
    tool(
        "go",
        null,
        "only go tool pprof and go tool trace need it; selvage profile --top, flame and trace"
            + " --format perfetto do without",
        to);
    agent(to);
    temporary(to);
    limits(ControlGroup.ofThisProcess(), to);
  }

  private void java(Checkup to) {
    Runtime.Version version = Runtime.version();
    to.ok("command", "runs on Java " + version + ", " + installation.javaHome());
    build("this JDK", JdkBuild.note(version), to);
  }

  /** What is known to be wrong with a build, in its own words: the remedy is behind the last ;. */
  static void build(String whose, @Nullable String note, Checkup to) {
    if (note == null) {
      return;
    }
    int end = note.lastIndexOf("; ");
    to.note(
        whose, end < 0 ? note : note.substring(0, end), end < 0 ? null : note.substring(end + 2));
  }

  private void home(String variable, boolean binding, Checkup to) {
    String value = environment.get(variable);
    if (value == null || value.isEmpty()) {
      to.ok(variable, "not set: a JDK 25 was looked for");
      return;
    }
    String version = version(value);
    if (version == null) {
      to.note(variable, value + " is no JDK", "set it to one, or unset it");
    } else if (version.matches("25([.+-].*)?")) {
      to.ok(variable, value + ", Java " + version);
    } else {
      to.note(
          variable,
          value + " is Java " + version + (binding ? "" : ", so it was passed over"),
          binding ? "set it to a JDK 25, or unset it" : null);
    }
  }

  private static @Nullable String version(String home) {
    try (Stream<String> lines = Files.lines(Path.of(home, "release"))) {
      return lines
          .filter(line -> line.startsWith("JAVA_VERSION="))
          .map(line -> line.substring("JAVA_VERSION=".length()).replace("\"", "").strip())
          .findFirst()
          .orElse(null);
    } catch (IOException | InvalidPathException | java.io.UncheckedIOException _) {
      return null;
    }
  }

  private void tool(String name, @Nullable String home, String otherwise, Checkup to) {
    Path found = onPath(name);
    String at = home == null ? null : environment.get(home);
    if (found == null && at != null && !at.isEmpty()) {
      found = executable(at + File.separator + "bin", name);
    }
    if (found == null) {
      to.note(name, "not found on the PATH", otherwise);
    } else {
      to.ok(name, found.toString());
    }
  }

  private @Nullable Path onPath(String name) {
    for (String directory : environment.getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
      Path found = directory.isEmpty() ? null : executable(directory, name);
      if (found != null) {
        return found;
      }
    }
    return null;
  }

  private static @Nullable Path executable(String directory, String name) {
    for (String end : List.of("", ".cmd", ".exe")) {
      try {
        Path file = Path.of(directory, name + end);
        if (Files.isExecutable(file) && Files.isRegularFile(file)) {
          return file;
        }
      } catch (InvalidPathException _) {
        // Something on the PATH that is no path.
      }
    }
    return null;
  }

  private void agent(Checkup to) {
    try {
      to.ok("agent", installation.agentJar().toString());
    } catch (CommandFailure e) {
      to.problem("agent", String.valueOf(e.getMessage()), null);
    }
  }

  private static void temporary(Checkup to) {
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    if (Files.isDirectory(temporary) && Files.isWritable(temporary)) {
      to.ok("attaching", "by way of " + temporary);
    } else {
      to.problem(
          "attaching",
          temporary + " cannot be written to, and is where a process and a tool meet",
          "make it writable, or look by address (selvage run --port)");
    }
  }

  /** The limits of the container, if there are any. */
  static void limits(ControlGroup group, Checkup to) {
    String processors =
        Runtime.getRuntime().availableProcessors()
            + " processors"
            + (group.processors().isPresent()
                ? ", by a quota of " + Amounts.number(group.processors().getAsDouble())
                : "");
    String memory =
        group.memory().isPresent()
            ? ", " + Amounts.text(group.memory().getAsLong(), "bytes") + " of memory at most"
            : ", memory without a limit of the container's";
    to.ok("container", processors + memory);
  }
}
