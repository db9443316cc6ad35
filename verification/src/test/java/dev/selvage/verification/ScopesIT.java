package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.nio.file.Path;
import java.util.List;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The children of an open scope are not reported: its owner or a sibling can still end them. */
final class ScopesIT {
  @ParameterizedTest
  @ValueSource(strings = {"G1", "Parallel", "Serial"})
  void children_of_open_scopes_are_not_reported_and_end_when_a_sibling_decides(
      String collector, @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory)
      throws Exception {
    compile(directory);
    try (var target =
        Target.java()
            .collector(collector)
            .option("--enable-preview")
            .classPath(directory.toString())
            .start(directory, "dev.selvage.preview.ScopesProgram")) {
      target.await("ready");
      for (int i = 0; i < 3; i++) {
        Look look = target.look();
        look.assertSound();
        assertEquals(List.of(), look.certain());
      }
      assertEquals("all ended", target.ask("wake", "all"));
      Look after = target.look();
      after.assertSound();
      assertEquals(List.of(), after.certain());
      assertEquals(0, target.end(), target.stderr());
    }
  }

  /** On the JDK's scheduler by attach, and on ours with the agent from the start. */
  @ParameterizedTest
  @CsvSource({"G1,true", "G1,false", "Parallel,true", "Serial,false"})
  void so_are_those_of_the_language_as_long_as_somebody_can_end_them(
      String collector,
      boolean fromTheStart,
      @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory)
      throws Exception {
    var launch = Target.java().collector(collector).classPath(Project.programsInTheLanguage());
    if (fromTheStart) {
      launch.agent(directory, "leaks-after=1h");
    }
    try (var target = launch.start(directory, OwnScopes.class)) {
      target.await("ready");
      for (int i = 0; i < 2; i++) {
        Look look = target.look();
        look.assertSound();
        assertEquals(List.of(), look.certain());
      }
      assertEquals("dropped", target.ask("drop", ""));
      Look dropped = target.look();
      dropped.assertSound();
      assertEquals(2, dropped.certainAt(Marker.in(OwnScopes.class, "child")));
      assertEquals(1, dropped.certainAt(Marker.in(OwnScopes.class, "join")));
      assertEquals(
          OwnScopes.DROPPED,
          dropped.certain().stream().mapToInt(Look.Found::count).sum(),
          () -> "nothing else: " + dropped.certain());

      assertEquals("all ended", target.ask("wake", ""));
      Look after = target.look();
      after.assertSound();
      assertEquals(
          OwnScopes.DROPPED,
          after.certain().stream().mapToInt(Look.Found::count).sum(),
          () -> "nothing else: " + after.certain());
      assertEquals(0, target.end(), target.stderr());
    }
  }

  private static void compile(Path directory) {
    var compiler = ToolProvider.getSystemJavaCompiler();
    assertNotNull(compiler, "these tests need a JDK");
    String source =
        Project.MODULE
            .resolve("src/test/preview/dev/selvage/preview/ScopesProgram.java")
            .toString();
    int result =
        compiler.run(
            null,
            null,
            null,
            "--enable-preview",
            "--release",
            "25",
            "-d",
            directory.toString(),
            "-Xlint:-preview",
            source);
    assertEquals(0, result, "javac");
  }
}
