package dev.selvage.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.selvage.cli.Checkup.Line;
import dev.selvage.cli.Checkup.State;
import dev.selvage.diagnostics.ControlGroup;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What {@code selvage doctor} makes of what it finds. */
@Timeout(60)
final class DoctorCommandTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path directory;
  private final Commands commands = new Commands();

  DoctorCommandTest(@TempDir Path directory) {
    this.directory = directory;
  }

  private static Line line(Checkup checkup, String what) {
    return checkup.lines().stream()
        .filter(line -> line.what().equals(what))
        .findFirst()
        .orElseThrow(() -> new AssertionError(checkup.text()));
  }

  private static void assertLine(Checkup checkup, State state, String what, String told) {
    Line line = line(checkup, what);
    assertEquals(state, line.state(), line.toString());
    assertTrue((line.said() + " -> " + line.remedy()).contains(told), line.toString());
  }

  // --------------- this machine ---------------

  private Path jdk(String name, String version) throws Exception {
    Path home = Files.createDirectory(directory.resolve(name));
    Files.writeString(home.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
    return home;
  }

  private Checkup around(Map<String, String> environment) throws Exception {
    var checkup = new Checkup();
    Path lib = Files.createDirectories(directory.resolve("lib"));
    new Surroundings(environment, new Installation(lib, Path.of("/jdk"))).look(checkup);
    return checkup;
  }

  @Test
  void whatIsSetAndFoundIsTold() throws Exception {
    Path bin = Files.createDirectory(directory.resolve("bin"));
    Files.createFile(
        bin.resolve("go"),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Files.createFile(bin.resolve("mvn")); // nobody can run that
    Map<String, String> environment = new HashMap<>();
    environment.put("PATH", "/nonexistent" + File.pathSeparator + File.pathSeparator + bin);
    environment.put("JAVA_HOME", jdk("old", "17.0.2").toString());
    environment.put("SELVAGE_JAVA_HOME", jdk("new", "25.0.3").toString());
    Checkup checkup = around(environment);
    assertLine(checkup, State.OK, "go", bin.resolve("go").toString());
    assertLine(checkup, State.NOTE, "mvn", "not found on the PATH -> only a checkout needs it");
    assertLine(checkup, State.NOTE, "JAVA_HOME", "is Java 17.0.2, so it was passed over");
    assertLine(checkup, State.OK, "SELVAGE_JAVA_HOME", "Java 25.0.3");
    assertLine(checkup, State.PROBLEM, "agent", "the agent is missing");
    assertLine(checkup, State.OK, "command", "runs on Java " + Runtime.version() + ", /jdk");

    environment.put("JAVA_HOME", directory.toString());
    environment.put("MAVEN_HOME", directory.toString());
    environment.remove("SELVAGE_JAVA_HOME");
    Files.setPosixFilePermissions(bin.resolve("mvn"), PosixFilePermissions.fromString("rwx------"));
    environment.remove("PATH");
    Files.createFile(directory.resolve("lib/selvage-agent.jar"));
    Checkup other = around(environment);
    assertLine(other, State.NOTE, "JAVA_HOME", "is no JDK -> set it to one");
    assertLine(other, State.OK, "SELVAGE_JAVA_HOME", "not set");
    assertLine(other, State.OK, "mvn", bin.resolve("mvn").toString());
    assertLine(other, State.NOTE, "go", "not found");
    assertLine(other, State.OK, "agent", "selvage-agent.jar");
  }

  @Test
  void limitsOfTheContainerAreTold() {
    var limited = new Checkup();
    Surroundings.limits(
        new ControlGroup(OptionalDouble.of(1.5), OptionalLong.of(512L << 20)), limited);
    assertTrue(
        line(limited, "container").said().endsWith("by a quota of 1.5, 512MB of memory at most"));
    var free = new Checkup();
    Surroundings.limits(new ControlGroup(OptionalDouble.empty(), OptionalLong.empty()), free);
    assertTrue(
        line(free, "container").said().endsWith("memory without a limit of the container's"));
  }

  @Test
  void theMachineAloneNeedsNoTarget() throws Exception {
    Process jvm = FakeInstallation.in(directory).sleeper("-XX:+DisableAttachMechanism");
    try {
      commands.where(jvm);
      assertEquals(ExitCode.DONE, commands.run("doctor"), commands.err());
      assertTrue(commands.out().contains("ok       command"), commands.out());
      String process =
          commands
              .out()
              .lines()
              .filter(l -> l.contains(" " + jvm.pid() + " "))
              .findFirst()
              .orElseThrow();
      assertTrue(process.startsWith("note     JVM "), process);
      assertTrue(process.endsWith("was started with -XX:+DisableAttachMechanism"), process);
      assertTrue(commands.out().contains("-> restart it without"), commands.out());
    } finally {
      jvm.destroyForcibly();
    }
    var json = new Commands().where();
    assertEquals(ExitCode.DONE, json.run("doctor", "--json"));
    JsonNode root = JSON.readTree(json.out());
    assertEquals("selvage.checkup/1", root.path("schema").asText());
    assertTrue(root.path("target").isNull());
    assertEquals("ok", root.path("checks").path(0).path("state").asText());
  }

  // --------------- a program ---------------

  private static final String WELL =
      """
      {"schema":"selvage.doctor/1","pid":7,"java":"25.0.4+1","javaHome":"/jdk","buildNote":null,
      "agent":"0.1","scheduler":{"gomaxprocs":[2],"jdkBecause":null,"wholeJvm":true},
      "proof":{"collector":"G1","modes":["now","concurrent","always-on"],"because":null,
      "alwaysOn":{"carried":7,"collections":9,"cycles":2,"proven":3,"why":null},"missing":[]},
      "processors":{"jvm":2,"quota":null},"memory":{"maxHeap":1073741824,"limit":null},
      "flightRecorder":true}
      """;

  private static Checkup examine(String json) throws Exception {
    var checkup = new Checkup();
    DoctorCommand.examine(JSON.readTree(json), checkup);
    return checkup;
  }

  @Test
  void aProgramInWhichAllIsWellHasNoRemedies() throws Exception {
    Checkup checkup = examine(WELL);
    assertTrue(checkup.lines().stream().allMatch(line -> line.state() == State.OK), checkup.text());
    assertLine(checkup, State.OK, "scheduler", "GOMAXPROCS 2, for all virtual threads");
    assertLine(checkup, State.OK, "proof", "G1 proves leaks: now, concurrent or always-on");
    assertLine(
        checkup,
        State.OK,
        "always on",
        "3 threads proven, 7 carried; 2 of 9 collections judged what is old");
    assertFalse(checkup.text().contains("->"), checkup.text());
  }

  @Test
  void whatIsMissingHasItsRemedy() throws Exception {
    Checkup checkup =
        examine(
            """
            {"schema":"selvage.doctor/1","pid":7,"java":"25.0.3+9","javaHome":"/jdk",
            "buildNote":"JDK 25.0.3 can lose a wake-up; update to 25.0.4 or newer",
            "agent":null,"scheduler":{"gomaxprocs":[],"jdkBecause":"java.base/java.lang is not open",
            "wholeJvm":false},
            "proof":{"collector":"ZGC","modes":[],"because":"ZGC keeps all: use -XX:+UseG1GC",
            "missing":[{"open":"java.base/java.lang","costs":"no proof; --add-opens …"}]},
            "processors":{"jvm":8,"quota":1.5},"memory":{"maxHeap":1073741824,"limit":1073741824},
            "flightRecorder":false}
            """);
    assertLine(checkup, State.NOTE, "its JDK", "can lose a wake-up -> update to 25.0.4 or newer");
    assertLine(checkup, State.NOTE, "agent", "not there");
    assertLine(checkup, State.PROBLEM, "proof", "none with ZGC: ZGC keeps all -> use -XX:+UseG1GC");
    assertLine(checkup, State.NOTE, "not open", "java.base/java.lang -> no proof; --add-opens");
    assertLine(checkup, State.NOTE, "scheduler", "no traces: java.base/java.lang is not open");
    assertLine(checkup, State.NOTE, "processors", "8 are used at once");
    assertLine(checkup, State.NOTE, "processors", "or make them 2");
    assertLine(checkup, State.PROBLEM, "memory", "1GB of 1GB");
    assertLine(checkup, State.NOTE, "recorder", "--start starts one");
  }

  @Test
  void aServerIsAskedAndOneThatCannotBeReachedIsPartOfTheAnswer() throws Exception {
    try (Pages pages = new Pages()) {
      pages.with("/debug/selvage/doctor", WELL.getBytes(StandardCharsets.UTF_8));
      assertEquals(ExitCode.DONE, commands.run("doctor", pages.address()), commands.err());
      assertTrue(commands.out().startsWith("ok  reached"), commands.out());
      pages.with("/debug/selvage/doctor", "{}".getBytes(StandardCharsets.UTF_8));
      var other = new Commands();
      assertEquals(ExitCode.UNREACHABLE, other.run("doctor", pages.address(), "--json"));
      JsonNode root = JSON.readTree(other.out());
      List<JsonNode> checks = new java.util.ArrayList<>();
      root.path("checks").forEach(checks::add);
      assertEquals("problem", checks.getLast().path("state").asText());
      assertTrue(checks.getLast().path("said").asText().contains("does not say how it is"));
    }
  }
}
