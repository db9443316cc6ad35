package dev.selvage.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class UsageTest {
  private final Path directory;
  private final Commands commands = new Commands();

  UsageTest(@TempDir Path directory) {
    this.directory = directory;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                                       | say what to do",
        "frobnicate                               | 'frobnicate' is no command: use demo, run",
        "run                                      | say what to run, after --",
        "run -cp x Main                           | what is meant for java goes after --",
        "run --leaks-after 3x -- Main             | '3x' is not a duration",
        "run --leaks-after 0s -- Main             | longer than 0s",
        "run --fail-on some -- Main               | use proven or any",
        "run --mode fast -- Main                  | use now or concurrent",
        "run --scheduler go -- Main               | use gmp, jdk or auto",
        "run --always=much -- Main                | use low, high or off",
        "demo --scheduler go                      | use gmp, jdk or auto",
        "run --mode now --reclaim -- Main         | mutually exclusive",
        "run --json - -- Main                     | name a file",
        "run --port x -- Main                     | 'x' is not an int",
        "run --port 70000 -- Main                 | is no port",
        "run --flight-recorder 0s -- Main         | longer than 0s",
        "run --flight-dir x -- Main               | need --flight-recorder",
        "run --flight-recorder 1s --flight-files 3 -- Main | needs --flight-dir",
        "run --flight-recorder 1s --flight-format x -- Main | use go or perfetto",
        "run --json /nonexistent/x -- Main        | no such file or directory",
        "leaks abc                                | neither a process id",
        "leaks 0                                  | neither a process id",
        "leaks -5                                 | neither a process id",
        "leaks 99999999999999999999               | neither a process id",
        "leaks http://                            | neither a process id",
        "leaks ftp://localhost                    | neither a process id",
        "leaks --json 123                         | put the process id first",
        "leaks http://localhost:1 --reclaim       | are for a process id",
        "leaks http://localhost:1 --mode now      | are for a process id",
        "leaks http://localhost:1 --watch 1s      | are for a process id",
        "leaks http://localhost:1 --excuse a=b    | are for a process id",
        "leaks 1 --excuse keeper                  | has no reason",
        "leaks 1 --excuse *=all                   | an excuse for everything is none",
        "leaks 1 --excuses /nonexistent/x         | cannot read /nonexistent/x",
        "leaks 1 --blocked-longer 0s              | longer than 0s",
        "run --excuse keeper= -- Main             | has no reason",
        "leaks 1 2                                | '2'",
        "run --json -- Main                       | name a file",
        "run --baseline /nonexistent/x -- Main    | selvage leaks --json FILE makes one",
        "leaks 1 --baseline /nonexistent/x        | selvage leaks --json FILE makes one",
        "leaks 1 --baseline                       | --baseline",
        "stacks abc                               | neither a process id",
        "stacks http://                           | neither a process id",
        "stacks 1 2                               | '2'",
        "profile abc                              | neither a process id",
        "profile 1 --type a/b                     | no type of profile",
        "profile 1 --type trace                   | no type of profile",
        "profile 1 --type ..                      | no type of profile",
        "profile 1 --seconds x                    | 'x' is not an int",
        "profile 1 --seconds 601                  | use 1 to 600",
        "profile 1 --seconds -1                   | use 1 to 600",
        "profile 1 --seconds 0                    | of a time",
        "profile 1 --type goroutineleak --seconds 2 | use 3 to 600",
        "profile 1 --type oldobjects --seconds 0  | use 3 to 600",
        "profile 1 --paths                        | is for --type oldobjects",
        "profile 1 --top --rows 0                 | use 1 or more",
        "profile 1 --json                         | --json is for --top",
        "profile /nonexistent.pb.gz --top         | there is no such file",
        "profile 1 -o /nonexistent/x              | no such file or directory",
        "flame http://                            | neither a process id",
        "flame 1 --seconds 601                    | use 1 to 600",
        "flame /nonexistent.pb.gz                 | there is no such file",
        "flame 1 --json -o x                      | exclude each other",
        "flame 1 -o /                             | is a directory",
        "top abc                                  | neither a process id",
        "top 1 --interval 0s                      | longer than 0s",
        "top 1 --interval 3x                      | '3x' is not a duration",
        "top 1 --count 0                          | use 1 or more",
        "top 1 --once --count 2                   | exclude each other",
        "top 1 --rows 0                           | use 1 or more",
        "sched abc                                | neither a process id",
        "sched 1 --interval 0s                    | longer than 0s",
        "trace abc                                | neither a process id",
        "trace 1 --seconds 0                      | use 1 to 600",
        "trace 1 --seconds 601                    | use 1 to 600",
        "trace 1 --format gif                     | use go or perfetto",
        "trace 1 -o /                             | is a directory",
        "record 1 --start --stop                  | mutually exclusive",
        "record 1 --keep 3s                       | are for --start",
        "record 1 --start --keep 0s               | longer than 0s",
        "record 1 --start --on-slow 1s            | needs --dir",
        "record 1 --start --dir x --on-slow 0s    | longer than 0s",
        "record 1 --json                          | is for --status",
        "record 1 --stop -o x                     | is for what is fetched",
        "record http://localhost:1 --start        | only gives what is there",
        "record http://localhost:1 --stop         | only gives what is there",
        "doctor abc                               | neither a process id",
        "completion                               | SHELL",
        "completion fish                          | use bash or zsh",
        "diff                                     | A.json",
        "diff a.json                              | B.json",
        "diff a.json b.json --fail-on any         | use new",
        "diff /nonexistent.json b.json            | no such file or directory",
        "demo --port 1234                         | goes with --serve",
        "demo --serve --port -1                   | is no port"
      })
  void wrongUsageIsToldInOneLineAndEndsWithTwo(String line, String told) {
    int code = commands.run(line.isEmpty() ? new String[0] : line.split(" ", -1));
    assertEquals(ExitCode.USAGE, code, commands.err());
    assertEquals(1, commands.err().lines().count(), commands.err());
    assertTrue(commands.err().contains(told), commands.err());
    assertEquals("", commands.out());
  }

  @Test
  void helpGoesToStandardOutputForEachCommand() {
    for (String command :
        new String[] {
          "demo",
          "run",
          "ps",
          "leaks",
          "diff",
          "stacks",
          "top",
          "profile",
          "flame",
          "sched",
          "trace",
          "record",
          "doctor",
          "completion"
        }) {
      var help = new Commands();
      assertEquals(ExitCode.DONE, help.run(command, "--help"), help.err());
      assertTrue(help.out().contains("selvage " + command), help.out());
      assertTrue(help.out().lines().allMatch(l -> l.length() <= 80), help.out());
    }
    assertEquals(ExitCode.DONE, commands.run("--help"));
    assertTrue(commands.out().contains("Exit codes"), commands.out());
  }

  @Test
  void whatIsSaidBelowTheOptionsFitsATerminalOfEightyColumns() {
    var installation = new Installation(directory, directory);
    Selvage.commandLine(installation, commands.terminal(), new MachineProcesses())
        .getSubcommands()
        .values()
        .forEach(
            command -> {
              for (String line : command.getCommandSpec().usageMessage().footer()) {
                assertTrue(line.length() <= 80, line);
              }
            });
  }

  @Test
  void theVersionNamesSelvageAndJava() {
    assertEquals(ExitCode.DONE, commands.run("--version"));
    assertTrue(commands.out().startsWith("selvage "), commands.out());
    assertTrue(commands.out().contains("Java 25"), commands.out());
  }

  @Test
  void aPortThatIsTakenIsToldBeforeAnythingIsStarted() throws Exception {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = Integer.toString(taken.getLocalPort());
      assertEquals(ExitCode.USAGE, commands.run("run", "--port", port, "--", "Main"));
      assertTrue(commands.err().contains("cannot listen on port " + port), commands.err());
      assertEquals(1, commands.err().lines().count(), commands.err());
    }
  }

  @Test
  void aDirectoryIsNoFileForJson() {
    assertEquals(ExitCode.USAGE, commands.run("run", "--json", directory.toString(), "--", "Main"));
    assertTrue(commands.err().contains("is a directory"), commands.err());
  }

  @Test
  void checkingTheJsonFileLeavesNothingBehindAndChangesNothing() throws Exception {
    Path fresh = directory.resolve("fresh.json");
    OutputFile.of("--json", fresh.toString());
    assertTrue(Files.notExists(fresh));
    Path old = Files.writeString(directory.resolve("old.json"), "before");
    OutputFile target = OutputFile.of("--json", old.toString());
    assertEquals("before", Files.readString(old));
    target.write("after");
    assertEquals("after", Files.readString(old));
  }

  @Test
  void aNewJsonFileIsReadableByItsOwnerAlone() throws Exception {
    Path file = directory.resolve("report.json");
    OutputFile.of("--json", file.toString()).write("{}");
    assertEquals(
        "rw-------",
        java.nio.file.attribute.PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
  }

  @Test
  void aMissingAgentIsToldWithWhatToDo() {
    commands.from(directory);
    assertEquals(ExitCode.INCOMPLETE, commands.run("run", "--", "Main"));
    assertTrue(commands.err().contains("the agent is missing"), commands.err());
    assertEquals(1, commands.err().lines().count(), commands.err());
  }

  @Test
  void aMissingDemoIsToldWithWhatToDo() {
    commands.from(directory);
    assertEquals(ExitCode.INCOMPLETE, commands.run("demo"));
    assertTrue(commands.err().contains("the demo is missing"), commands.err());
  }
}
