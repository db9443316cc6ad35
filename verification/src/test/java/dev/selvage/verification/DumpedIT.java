package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Dumps of real JDKs, of a program that knows nothing of Selvage: what the command proves from
 * them, and that it is silent about all else. On the JDK that runs the tests, and on each whose
 * home is named: {@code -Dselvage.jdks=DIRECTORY:DIRECTORY}, or so in {@code SELVAGE_JDKS}.
 */
final class DumpedIT {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** One more at a place that can be woken, and they would be suspected. */
  private static final int COPIES = 19;

  private static final int TRIES = 10;
  private static final int DONE = 0;
  private static final int INCOMPLETE = 4;

  /** The first that writes the stacks of parked threads. */
  private static final int WRITES_STACKS = 22;

  /** The first in which who is in {@code Object.wait} leaves its carrier. */
  private static final int WAITS_OFF_CARRIER = 24;

  private static final List<Integer> WANTED = List.of(21, 22, 23, 24, 25);

  private record Jdk(int feature, String version, Path home) {
    static Jdk at(Path home) {
      var release = new Properties();
      try (var in = Files.newBufferedReader(home.resolve("release"))) {
        release.load(in);
      } catch (IOException e) {
        throw new AssertionError("no JDK at " + home, e);
      }
      String version = release.getProperty("JAVA_VERSION", "").replace("\"", "");
      return new Jdk(Runtime.Version.parse(version).feature(), version, home);
    }
  }

  static List<Arguments> jdks() {
    var jdks = new ArrayList<Jdk>();
    jdks.add(Jdk.at(Path.of(System.getProperty("java.home"))));
    String property = System.getProperty("selvage.jdks");
    String named = property == null ? System.getenv("SELVAGE_JDKS") : property;
    if (named != null) {
      for (String home : named.split(File.pathSeparator, -1)) {
        jdks.add(Jdk.at(Path.of(home)));
      }
    }
    var features = new TreeSet<Integer>(WANTED);
    jdks.forEach(jdk -> features.add(jdk.feature));
    var arguments = new ArrayList<Arguments>();
    for (int feature : features) {
      List<Jdk> of = jdks.stream().filter(jdk -> jdk.feature == feature).toList();
      of.forEach(jdk -> arguments.add(Arguments.of(feature, jdk.version, jdk.home)));
      if (of.isEmpty()) {
        arguments.add(Arguments.of(feature, "none", Path.of("")));
      }
    }
    return arguments;
  }

  @ParameterizedTest(name = "Java {0} ({1})")
  @MethodSource("jdks")
  void what_leaks_is_proven_from_the_dump_of_a_real_jdk_and_nothing_else(
      int feature,
      String version,
      Path home,
      @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory)
      throws Exception {
    assumeTrue(
        !home.toString().isEmpty(),
        "no JDK " + feature + " here: name the home of one in -Dselvage.jdks");
    String classes = DumpedProgram.compile(Files.createDirectory(directory.resolve("classes")));
    try (var target =
        Target.java()
            .of(home)
            .option("-Djdk.virtualThreadScheduler.maxPoolSize=256")
            .classPath(classes)
            .start(directory, DumpedProgram.MAIN, Integer.toString(COPIES), "1000")) {
      target.await("ready");
      if (feature < WRITES_STACKS) {
        assertNothingIsKnown(read(target, directory, INCOMPLETE));
        return;
      }
      Look look = read(target, directory, DONE);
      // A dump may be made while a thread of the JDK's own runs.
      for (int i = 1; i < TRIES && look.certain().isEmpty(); i++) {
        look = read(target, directory, DONE);
      }
      look.assertSound();
      assertEquals(version, look.root().path("vm").path("java").asText());
      String told = look.root().toPrettyString();
      assertEquals(expected(feature), found(look.certain()), told);
      assertEquals(look.certain(), look.findings(), told);
    }
  }

  private static Look read(Target target, Path directory, int code) throws Exception {
    Path dump = target.heapDump();
    SelvageCommand.Result result =
        SelvageCommand.run(
            SelvageCommand.of("leaks", dump.toString(), "--json"), directory.resolve("err"));
    assertEquals(code, result.code(), result.err());
    return Look.of(JSON.readTree(result.out()));
  }

  private static void assertNothingIsKnown(Look look) {
    assertEquals(List.of(), look.findings());
    assertTrue(
        look.root().path("proof").path("why").asText().contains("HotSpot writes them from 22 on"),
        () -> look.root().toPrettyString());
  }

  /** By the names of the threads: how many, and what the finding excepts. */
  private static Map<String, String> expected(int feature) {
    var expected = new TreeMap<String, String>();
    for (String name : List.of("latch", "queue", "semaphore")) {
      expected.put("leaked " + name, COPIES + " ");
    }
    expected.put("leaked request", COPIES + " interrupt");
    if (feature >= WAITS_OFF_CARRIER) {
      expected.put("leaked wait", COPIES + " ");
    }
    return expected;
  }

  private static Map<String, String> found(List<Look.Found> findings) {
    var found = new TreeMap<String, String>();
    for (Look.Found finding : findings) {
      found.merge(
          String.join(", ", new TreeSet<>(finding.names())),
          finding.count() + " " + finding.except(),
          (a, b) -> a + " and " + b);
    }
    return found;
  }
}
