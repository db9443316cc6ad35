package dev.selvage.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Manual pages and shell completion: read by {@code groff} and used by {@code bash}. */
@Timeout(60)
final class PapersTest {
  private final Path directory;

  PapersTest(@TempDir Path directory) throws IOException {
    this.directory = directory;
    Papers.write(directory);
  }

  private static String run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
    return said;
  }

  private static boolean isThere(String program) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(":", -1))
        .anyMatch(dir -> Files.isExecutable(Path.of(dir, program)));
  }

  private List<Path> pages() throws IOException {
    try (Stream<Path> pages = Files.list(directory.resolve("share/man/man1"))) {
      return pages.sorted().toList();
    }
  }

  @Test
  void everyCommandHasAPageWithItsOptions() throws Exception {
    var help = new Commands();
    help.run("--help");
    Set<String> commands =
        help.out()
            .lines()
            .dropWhile(line -> !line.equals("Commands:"))
            .skip(1)
            .takeWhile(line -> line.startsWith("  "))
            .filter(line -> !line.startsWith("   "))
            .map(line -> "selvage-" + line.strip().split(" ", 2)[0] + ".1")
            .collect(Collectors.toCollection(TreeSet::new));
    assertTrue(commands.size() >= 14, help.out());
    commands.add("selvage.1");
    assertEquals(
        commands,
        pages().stream()
            .map(page -> page.getFileName().toString())
            .collect(Collectors.toCollection(TreeSet::new)));
    String record = Files.readString(directory.resolve("share/man/man1/selvage-record.1"));
    assertTrue(record.contains("\\fB\\-\\-keep\\fR=\\fID\\fR\n"), record);
    assertTrue(record.contains("[\\fIPID|URL\\fR]"), record);
  }

  @Test
  void groffReadsEveryPageWithoutAWarning() throws Exception {
    assumeTrue(isThere("groff"), "groff is not there");
    for (Path page : pages()) {
      assertEquals(
          "", run("groff", "-man", "-ww", "-z", "-Tascii", page.toString()), page::toString);
    }
    String shown =
        run("groff", "-man", "-Tascii", "-P-c", directory + "/share/man/man1/selvage-leaks.1");
    assertTrue(shown.replaceAll(".\b", "").contains("--fail-on"), shown);
  }

  @Test
  void textIsNeverARequestOrAnEscape() {
    assertEquals("\\&.so \\e(x \\-\\-a", ManualPages.text(".so \\(x --a"));
    assertEquals("\\&'x", ManualPages.text("'x"));
  }

  private String completed(String... words) throws Exception {
    String line = String.join(" ", words);
    return run(
        "bash",
        "-c",
        "source \"$1\"; COMP_LINE=\"$2\"; COMP_POINT=${#COMP_LINE}; shift 2; COMP_WORDS=(\"$@\");"
            + " COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _complete_selvage; printf '%s\\n'"
            + " \"${COMPREPLY[@]}\"",
        "bash",
        directory + "/share/bash-completion/completions/selvage",
        line,
        words[0],
        words.length > 1 ? words[1] : "",
        words.length > 2 ? words[2] : "");
  }

  @Test
  void bashCompletesCommandsAndOptions() throws Exception {
    assumeTrue(isThere("bash"), "bash is not there");
    assertTrue(
        completed("selvage", "", "").lines().toList().containsAll(List.of("leaks", "doctor")));
    List<String> options = completed("selvage", "record", "--").lines().map(String::strip).toList();
    assertTrue(options.containsAll(List.of("--start", "--stop")), options.toString());
  }

  @Test
  void theCommandPrintsWhatTheArchiveHas() throws Exception {
    var bash = new Commands();
    assertEquals(ExitCode.DONE, bash.run("completion", "bash"), bash.err());
    assertEquals(
        Files.readString(directory.resolve("share/bash-completion/completions/selvage")),
        bash.out());
    var zsh = new Commands();
    assertEquals(ExitCode.DONE, zsh.run("completion", "zsh"));
    assertTrue(zsh.out().contains("bashcompinit"), zsh.out());
  }
}
