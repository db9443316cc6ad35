package dev.selvage.verification.differential;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The Go side: built from the directory {@code go}, and run. Without a network, but that the module
 * golang.org/x/sync is downloaded where it is not there yet; who cannot is told all the rest.
 */
final class GoProgram {
  private static final Pattern VERSION = Pattern.compile("go1\\.(\\d+).*");
  private static final int OLDEST = 26;

  /** For who has no network and is not told so at once. */
  private static final int DOWNLOAD_SECONDS = 60;

  private GoProgram() {}

  /** Why it cannot be run here; empty if it can. */
  static Optional<String> obstacle() throws IOException, InterruptedException {
    String version;
    try {
      version = run(List.of("go", "env", "GOVERSION")).strip();
    } catch (IOException e) {
      return Optional.of("no command go: install Go 1." + OLDEST + " or newer");
    }
    Matcher m = VERSION.matcher(version);
    return m.matches() && Integer.parseInt(m.group(1)) >= OLDEST
        ? Optional.empty()
        : Optional.of("this is " + version + ", and Go 1." + OLDEST + " or newer is needed");
  }

  /** Why golang.org/x/sync cannot be had here; empty if it is there now. */
  static Optional<String> obstacleToXSync() throws IOException, InterruptedException {
    List<String> download = List.of("go", "mod", "download");
    Ended ended = end(download, false, DOWNLOAD_SECONDS);
    if (ended.code != 0) {
      ended = end(download, true, DOWNLOAD_SECONDS);
    }
    return ended.code == 0
        ? Optional.empty()
        : Optional.of("golang.org/x/sync cannot be had here: " + ended.problems.strip());
  }

  /** What it prints, with or without what needs golang.org/x/sync. */
  static List<String> output(boolean withXSync) throws IOException, InterruptedException {
    Path program = Path.of("target", "scenarios").toAbsolutePath();
    run(
        List.of(
            "go",
            "build",
            "-buildvcs=false",
            "-tags=" + (withXSync ? "xsync" : ""),
            "-o",
            program.toString(),
            "."));
    return run(List.of(program.toString())).lines().toList();
  }

  private static String run(List<String> command) throws IOException, InterruptedException {
    Ended ended = end(command, false, 300);
    if (ended.code != 0) {
      throw new AssertionError(command + " failed:\n" + ended.problems);
    }
    return ended.output;
  }

  private record Ended(int code, String output, String problems) {}

  private static Ended end(List<String> command, boolean network, int seconds)
      throws IOException, InterruptedException {
    Files.createDirectories(Path.of("target"));
    Path output = Files.createTempFile(Path.of("target"), "go", ".out");
    Path problems = Files.createTempFile(Path.of("target"), "go", ".err");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(Path.of("go").toFile())
            .redirectOutput(output.toFile())
            .redirectError(problems.toFile());
    builder.environment().put("GOTOOLCHAIN", "local");
    if (!network) {
      builder.environment().put("GOPROXY", "off");
    }
    builder.environment().put("GOFLAGS", "");
    builder.environment().put("GOWORK", "off");
    builder.environment().remove("GODEBUG");
    Process process = builder.start();
    try {
      boolean ended = process.waitFor(seconds, TimeUnit.SECONDS);
      return new Ended(
          ended ? process.exitValue() : -1,
          Files.readString(output),
          Files.readString(problems) + (ended ? "" : "no end after " + seconds + " s"));
    } finally {
      process.destroyForcibly();
      Files.delete(output);
      Files.delete(problems);
    }
  }
}
