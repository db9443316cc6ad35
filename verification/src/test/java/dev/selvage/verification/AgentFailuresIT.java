package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Whatever goes wrong inside the agent is said in one line, and the program is as it would have
 * been without it.
 */
@Timeout(120)
final class AgentFailuresIT {
  private static final String DISABLED = "selvage: disabled: ";

  private final Path directory;

  AgentFailuresIT(@TempDir Path directory) {
    this.directory = directory;
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      value = {
        "no-such=1, unknown agent option 'no-such'",
        "leaks-after=soon, agent option leaks-after: 'soon' is not a duration",
        "leaks-after=so%0Aon, agent option leaks-after: 'so on' is not a duration",
        "report=%ZZ, agent option report: '%ZZ' is not percent-encoded text",
        "mode=later, agent option mode: 'later' is none of",
        "\"at-exit=true,text=maybe\", agent option text: 'maybe' is neither true nor false",
        "\"port=0,count-usage=maybe\", agent option count-usage: 'maybe' is neither true nor false",
        "port=65536, agent option port: '65536' is not a port",
        "excuses=nowhere, agent option excuses: cannot read nowhere"
      })
  void a_bad_option(String options, String told) throws Exception {
    assertOneLine(Project.agent(), options, DISABLED + told);
  }

  @Test
  void a_port_that_is_taken() throws Exception {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int port = taken.getLocalPort();
      assertOneLine(
          Project.agent(),
          "at-exit=true,text=true,port=" + port,
          DISABLED + "port " + port + " is in use: choose another one");
    }
  }

  @Test
  void a_file_that_cannot_be_written() throws Exception {
    Path nowhere = directory.resolve("no such directory/file");
    assertOneLine(
        Project.agent(),
        "quiet=true,at-exit=true,report=" + encode(nowhere),
        "selvage: cannot write " + nowhere + ": there is no such directory");
    Path file = Files.createFile(directory.resolve("file"));
    assertOneLine(
        Project.agent(),
        "port=0,address=" + encode(file.resolve("address")),
        DISABLED + "cannot write " + file.resolve("address") + ": Not a directory");
  }

  @Test
  void a_jar_that_lacks_what_the_agent_is_made_of() throws Exception {
    Path jar = directory.resolve("hollow.jar");
    hollow(Project.agent(), jar);
    assertOneLine(
        jar,
        "at-exit=true,text=true",
        DISABLED + "java.lang.ClassNotFoundException: dev.selvage.agent.internal.AgentRuntime");
  }

  @Test
  void attached_with_options_that_cannot_be_read() throws Exception {
    Path report = directory.resolve("report");
    Path nowhere = directory.resolve("no such directory/file");
    try (Target target = Target.java().start(directory, EveryThread.class)) {
      target.await("ready");
      // Whoever attached finds the reason where it asked for the report.
      for (String options : List.of("no-such=1,", "mode=later,", "watch=%ZZ,", "command=dance,")) {
        target.attach(options + "report=" + encode(report));
        String option = options.substring(0, options.indexOf('='));
        String told = Files.readString(report);
        assertTrue(told.contains("agent option " + option) || told.contains("'" + option), told);
        Files.delete(report);
      }
      assertEquals("", target.stderr());
      // With no place for it, there is a line on standard error.
      Map<String, String> lines = new LinkedHashMap<>();
      lines.put("no-such=1", "unknown agent option 'no-such'; known are ");
      lines.put("report=%ZZ", "agent option report: '%ZZ' is not percent-encoded text");
      lines.put("report=a%00b,quiet=true", "agent option report: ");
      lines.put("leaks-after=1h", "agent option report is missing");
      lines.put(
          "quiet=true,report=" + encode(nowhere), "cannot write " + nowhere + ": there is no");
      for (String options : lines.keySet()) {
        target.attach(options);
      }
      List<String> said = target.stderr().lines().toList();
      assertEquals(lines.size(), said.size(), target.stderr());
      Iterator<String> each = said.iterator();
      lines.forEach(
          (options, told) -> {
            String line = each.next();
            assertTrue(line.startsWith("selvage: refused: " + told), options + ": " + line);
          });
      assertEquals(List.of(), target.look().findings());
    }
  }

  @Test
  void a_jar_that_lacks_what_the_agent_is_made_of_attached() throws Exception {
    Path jar = directory.resolve("hollow.jar");
    hollow(Project.agent(), jar);
    try (Target target = Target.java().start(directory, EveryThread.class)) {
      target.await("ready");
      target.attach(jar, "report=" + encode(directory.resolve("report")));
      assertEquals(
          "selvage: refused: java.lang.ClassNotFoundException:"
              + " dev.selvage.agent.internal.AgentRuntime\n",
          target.stderr());
    }
  }

  /**
   * The JVM ends while the agent begins to sample: several times, since it is chance how far that
   * has come.
   */
  @Test
  void a_program_that_ends_before_it_begins() throws Exception {
    List<String> plain = List.of("-cp", Project.testClasses(), FailsAtStart.class.getName());
    String said = failsAtStart(plain);
    assertTrue(said.contains(FailsAtStart.WHY), said);
    for (String options : List.of("port=0", "leaks-after=1h", "port=0,scheduler=gmp", "port=0")) {
      List<String> command =
          new ArrayList<>(List.of("-javaagent:" + Project.agent() + "=quiet=true," + options));
      command.addAll(plain);
      assertEquals(said, failsAtStart(command), options);
    }
  }

  private String failsAtStart(List<String> options) throws Exception {
    Path err = directory.resolve("err");
    List<String> command =
        new ArrayList<>(
            List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
    command.add("-XX:TieredStopAtLevel=1");
    command.addAll(options);
    Process process = new ProcessBuilder(command).redirectError(err.toFile()).start();
    assertEquals(0, process.getInputStream().readAllBytes().length);
    assertEquals(1, process.waitFor());
    return Files.readString(err);
  }

  /** The one line comes at the start, or where the program has ended by then, at the end. */
  private void assertOneLine(Path agent, String options, String told) throws Exception {
    Path err = directory.resolve("err");
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:TieredStopAtLevel=1",
                    "-javaagent:" + agent + "=" + options,
                    "-cp",
                    Project.testClasses(),
                    OrdinaryProgram.class.getName()))
            .redirectError(err.toFile())
            .start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int code = process.waitFor();
    String said = Files.readString(err);
    assertEquals(OrdinaryProgram.OUT, out, said);
    assertEquals(OrdinaryProgram.CODE, code, said);
    List<String> ours = said.lines().filter(line -> line.startsWith("selvage: ")).toList();
    assertEquals(1, ours.size(), said);
    assertTrue(ours.getFirst().startsWith(told), said);
    assertEquals(OrdinaryProgram.ERR, said.replace(ours.getFirst() + "\n", ""), "nothing else");
  }

  private static void hollow(Path from, Path to) throws IOException {
    try (var in = new JarFile(from.toFile());
        var out = new JarOutputStream(Files.newOutputStream(to))) {
      for (JarEntry entry : in.stream().toList()) {
        if (!entry.getName().startsWith("META-INF/selvage/")) {
          out.putNextEntry(new JarEntry(entry.getName()));
          in.getInputStream(entry).transferTo(out);
        }
      }
    }
  }

  private static String encode(Path path) {
    return URLEncoder.encode(path.toString(), StandardCharsets.UTF_8);
  }
}
