package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jdi.Bootstrap;
import com.sun.jdi.connect.AttachingConnector;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A look beside other tools in the same JVM, and where the JDK was told to keep no list. */
final class BesideOthersIT {
  private static final Marker DIRECT = Marker.in(Churn.class, "direct");
  private static final Marker SHARED = Marker.in(Churn.class, "shared");

  private final Path directory;

  BesideOthersIT(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory) {
    this.directory = directory;
  }

  @Test
  void the_flight_recorder_is_not_in_the_way() throws Exception {
    Path recording = directory.resolve("recording.jfr");
    try (var target =
        Target.java()
            .option("-XX:StartFlightRecording:settings=profile,filename=" + recording)
            .start(directory, Churn.class)) {
      target.await("ready");
      for (int i = 0; i < 3; i++) {
        Look look = target.look();
        look.assertSound();
        assertEquals(Churn.LEAKED, look.certainAt(DIRECT));
        assertEquals(Churn.LEAKED, look.certainAt(SHARED));
      }
      assertSound(target);
    }
    assertTrue(Files.size(recording) > 0);
  }

  /** A debugger holds the threads that it knows of: a look then says that it is not complete. */
  @ParameterizedTest
  @ValueSource(strings = {"n", "y"})
  void a_debugger_may_hide_leaks_but_makes_none(String tracked) throws Exception {
    try (var target =
        Target.java()
            .option(
                "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=127.0.0.1:0"
                    + ",includevirtualthreads="
                    + tracked)
            .start(directory, Churn.class)) {
      String listening = target.await("Listening for transport");
      target.await("ready");
      AttachingConnector connector =
          Bootstrap.virtualMachineManager().attachingConnectors().stream()
              .filter(c -> c.name().equals("com.sun.jdi.SocketAttach"))
              .findFirst()
              .orElseThrow();
      var arguments = connector.defaultArguments();
      Objects.requireNonNull(arguments.get("hostname")).setValue("127.0.0.1");
      Objects.requireNonNull(arguments.get("port")).setValue(listening.replaceAll(".*\\D", ""));
      var debugger = connector.attach(arguments);
      // Not its list of threads: with virtual ones that come and go the JVM may fail to make it.
      assertFalse(debugger.topLevelThreadGroups().isEmpty());
      for (int i = 0; i < 3; i++) {
        Look look = target.look();
        var proof = look.root().path("proof");
        assertEquals(0, proof.path("refuted").asInt());
        int found = look.certainAt(DIRECT) + look.certainAt(SHARED);
        assertTrue(found <= 2 * Churn.LEAKED, look::toString);
        if (found < 2 * Churn.LEAKED) {
          assertTrue(proof.path("why").asText().contains("a debugger"), proof::toString);
        }
      }
      debugger.dispose();
      assertSound(target);
    }
  }

  @Test
  void two_copies_of_the_prover_do_not_disturb_each_other() throws Exception {
    var launch = Target.java().classPath(Project.testClassPath());
    for (String name :
        List.of("java.lang", "java.lang.ref", "jdk.internal.vm", "java.util.concurrent")) {
      launch.option("--add-opens", "java.base/" + name + "=ALL-UNNAMED");
    }
    try (var target = launch.start(directory, TwoProversProgram.class)) {
      target.await("ready");
      for (int i = 0; i < 5; i++) {
        Look look = target.look();
        look.assertSound();
        for (String place : List.of("direct", "inside")) {
          assertEquals(
              TwoProversProgram.EACH,
              look.certainAt(Marker.in(TwoProversProgram.class, place)),
              place);
        }
      }
      assertEquals("sound, sets 2", target.ask("stop", ""));
      Look after = target.look();
      assertEquals(0, after.root().path("proof").path("refuted").asInt());
      assertEquals(0, after.certainAt(Marker.in(TwoProversProgram.class, "inside")));
      assertEquals(0, target.end(), target.stderr());
    }
  }

  @Test
  void without_the_jdks_list_nothing_is_proven_and_the_advice_is_right() throws Exception {
    try (var target =
        Target.java().option("-Djdk.trackAllThreads=false").start(directory, Churn.class)) {
      target.await("ready");
      Look look = target.look();
      assertEquals(List.of(), look.certain());
      assertEquals("none", look.root().path("proof").path("mode").asText());
      String why = look.root().path("proof").path("why").asText();
      assertTrue(why.contains("Start without it, or with -Djdk.trackAllThreads=true"), why);
      assertFalse(why.contains("--add-opens"), why);
      assertSound(target);
    }
    try (var target =
        Target.java().option("-Djdk.trackAllThreads=true").start(directory, Churn.class)) {
      target.await("ready");
      Look look = target.look();
      look.assertSound();
      assertEquals(Churn.LEAKED, look.certainAt(DIRECT));
    }
  }

  /** The program works as it should, and nothing of what was proven has run. */
  private static void assertSound(Target target) throws Exception {
    String said = target.ask("stop", "");
    if (said.startsWith("Listening")) { // for the next debugger
      said = target.await("");
    }
    assertTrue(said.startsWith("sound "), said);
    assertEquals(0, target.look().root().path("proof").path("refuted").asInt());
    assertEquals(0, target.end(), target.stderr());
  }
}
