package dev.selvage.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine;

/**
 * Run by the build: puts manual pages and shell completion where an archive has them, {@code
 * share/man/man1} and {@code share/bash-completion/completions}.
 */
final class Papers {
  private Papers() {}

  public static void main(String[] arguments) throws IOException {
    write(Path.of(arguments[0]));
  }

  /** Writes them below a directory. */
  static void write(Path archive) throws IOException {
    var silent = new PrintStream(java.io.OutputStream.nullOutputStream());
    var terminal =
        new Terminal(
            new java.io.BufferedReader(java.io.Reader.nullReader()),
            silent,
            silent,
            false,
            false,
            false,
            false);
    Path lib = archive.resolve("lib");
    CommandLine whole =
        Selvage.commandLine(
            new Installation(lib, Path.of(System.getProperty("java.home"))),
            terminal,
            new MachineProcesses());
    Path man = Files.createDirectories(archive.resolve("share/man/man1"));
    for (Map.Entry<String, String> page : ManualPages.of(whole).entrySet()) {
      Files.writeString(man.resolve(page.getKey()), page.getValue());
    }
    Path completions =
        Files.createDirectories(archive.resolve("share/bash-completion/completions"));
    Files.writeString(completions.resolve("selvage"), CompletionCommand.bash(whole));
  }
}
