package dev.selvage.verification;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.verification.SelvageCommand.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code selvage run} of programs that Java cannot start, and of some that it can. */
@Timeout(120)
final class StartIT {
  private static final int USAGE = 2;

  @TempDir private Path directory;

  /** One line of ours, and nothing else, with the exit code for it. */
  private static void assertOneLine(Result result, String... parts) {
    assertEquals(USAGE, result.code(), result.err());
    assertEquals(1, result.err().lines().count(), result.err());
    assertTrue(result.err().startsWith("selvage: "), result.err());
    for (String part : parts) {
      assertTrue(result.err().contains(part), result.err());
    }
    assertEquals("", result.out());
  }

  @BeforeEach
  void compile() throws IOException {
    write("Empty.java", "public class Empty { int mains; }");
    write("Main.java", "public class Main { void main() { System.out.println(\"ran\"); } }");
    write("Heir.java", "public class Heir extends Main {}");
    write("Wrong.java", "public class Wrong { private int main() { return 1; } }");
    write("Fails.java", "public class Fails { void main() { throw new RuntimeException(); } }");
    write("Quits.java", "public class Quits { void main() { System.exit(1); } }");
    var files = new ArrayList<>(List.of("-d", directory.toString()));
    for (String name : List.of("Empty", "Main", "Heir", "Wrong", "Fails", "Quits")) {
      files.add(directory.resolve(name + ".java").toString());
    }
    int code =
        ToolProvider.getSystemJavaCompiler().run(null, null, null, files.toArray(String[]::new));
    assertEquals(0, code);
  }

  private void write(String name, String text) throws IOException {
    Files.writeString(directory.resolve(name), text);
  }

  private Result run(String... arguments) throws IOException, InterruptedException {
    var all = new ArrayList<>(List.of("run", "--fail-on", "any", "--"));
    all.addAll(List.of(arguments));
    return SelvageCommand.run(
        SelvageCommand.of(all.toArray(String[]::new)).directory(directory.toFile()),
        directory.resolve("err"));
  }

  private String jar(String name, String main, String... classes) throws IOException {
    var manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    if (!main.isEmpty()) {
      manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, main);
    }
    Path jar = directory.resolve(name);
    try (var out = new JarOutputStream(Files.newOutputStream(jar), manifest)) {
      for (String type : classes) {
        out.putNextEntry(new JarEntry(type + ".class"));
        Files.copy(directory.resolve(type + ".class"), out);
      }
    }
    return jar.toString();
  }

  @Test
  void a_class_that_is_not_there() throws Exception {
    assertOneLine(run("NoSuchClass"), "no class NoSuchClass", "-cp");
    assertOneLine(run("-cp", directory.toString(), "com.acme.Main", "x"), "com.acme.Main");
    assertOneLine(run("None.java"), "no file None.java");
  }

  @Test
  void a_class_without_a_main_method() throws Exception {
    assertOneLine(run("-cp", directory.toString(), "Empty"), "Empty has no main method");
    assertOneLine(run("-jar", jar("empty.jar", "Empty", "Empty")), "Empty has no main method");
  }

  @Test
  void a_class_for_a_newer_java() throws Exception {
    byte[] bytes = Files.readAllBytes(directory.resolve("Main.class"));
    bytes[7]++;
    Files.write(directory.resolve("Main.class"), bytes);
    int ours = Runtime.version().feature();
    assertOneLine(
        run("-cp", directory.toString(), "Main"), "for Java " + (ours + 1), "--release " + ours);
  }

  @Test
  void a_jar_that_cannot_be_run() throws Exception {
    assertOneLine(run("-jar", "none.jar"), "no jar none.jar");
    write("broken.jar", "not a jar");
    assertOneLine(run("-jar", "broken.jar"), "broken.jar is no jar");
    assertOneLine(run("-jar", jar("plain.jar", "", "Main")), "names no Main-Class");
    assertOneLine(run("-jar", jar("other.jar", "com.acme.Main", "Main")), "com.acme.Main");
  }

  /** Here Java has spoken before anybody could ask; the report of a program is left out. */
  @Test
  void what_java_says_itself_is_followed_by_one_line_of_ours() throws Exception {
    write("Broken.java", "class Broken {");
    for (String[] arguments :
        new String[][] {
          {"-XX:NoSuchOption=1", "-cp", directory.toString(), "Main"},
          {"-m", "no.such.module/Main"},
          {"-cp", directory.toString(), "Wrong"},
          {"Broken.java"}
        }) {
      Result result = run(arguments);
      assertEquals(USAGE, result.code(), result.err());
      var ours =
          result.err().lines().filter(l -> l.startsWith("selvage: Java did not start")).toList();
      assertEquals(1, ours.size(), result.err());
      assertFalse(result.err().contains("0 leaks"), result.err());
    }
  }

  @Test
  void whatever_java_starts_is_run_and_examined() throws Exception {
    for (String[] arguments :
        new String[][] {
          {"-cp", directory.toString(), "Main"},
          {"-cp", directory.toString(), "Heir"},
          {"-jar", jar("main.jar", "Main", "Main")},
          {directory.resolve("Main.java").toString()}
        }) {
      Result result = run(arguments);
      assertEquals(0, result.code(), result.err());
      assertEquals("ran\n", result.out());
      assertTrue(result.err().contains("0 leaks"), result.err());
    }
    for (String main : List.of("Fails", "Quits")) {
      Result result = run("-cp", directory.toString(), main);
      assertEquals(1, result.code(), result.err());
      assertTrue(result.err().contains("0 leaks"), "examined at its end: " + result.err());
    }
  }

  /** What the agent says by itself: this, and where it was asked the report. */
  @Test
  void one_line_with_the_mode_and_nothing_else() throws Exception {
    String mode =
        "selvage: agent \\S+, scheduler (jdk|gmp), proof now, concurrent or always-on( \\(.*\\))?";
    String[] program = {"-XX:+UseG1GC", "-cp", directory.toString(), "Main"};
    Result report = run(program);
    assertEquals(0, report.code(), report.err());
    assertEquals("ran\n", report.out());
    List<String> lines = report.err().lines().toList();
    assertTrue(lines.getFirst().matches(mode), report.err());
    assertTrue(
        lines.get(1).matches("0 leaks\\. 0 virtual threads; canary found; .*"), report.err());
    // The report may end with a note on the JDK, as the line with the mode does.
    assertTrue(lines.stream().skip(2).allMatch(line -> line.startsWith("  note  ")), report.err());

    var quiet = new ArrayList<>(List.of("run", "--json", "report.json", "--"));
    quiet.addAll(List.of(program));
    Result json =
        SelvageCommand.run(
            SelvageCommand.of(quiet.toArray(String[]::new)).directory(directory.toFile()),
            directory.resolve("err"));
    assertEquals(0, json.code(), json.err());
    assertTrue(json.err().matches(mode + "\n"), json.err());
    assertTrue(Files.exists(directory.resolve("report.json")));

    Path err = directory.resolve("err");
    Process idle =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-javaagent:" + Project.agent(),
                    "-cp",
                    directory.toString(),
                    "Main"))
            .redirectError(err.toFile())
            .start();
    assertEquals("ran\n", new String(idle.getInputStream().readAllBytes(), UTF_8));
    assertEquals(0, idle.waitFor());
    String said = Files.readString(err);
    assertTrue(said.matches("selvage: agent \\S+, nothing asked\n"), said);
  }
}
