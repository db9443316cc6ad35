package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** However a thread came to be, it is found when it leaks, and its executor does not notice. */
final class OriginsIT {
  private static final List<String> ALONE =
      List.of(
          "builder",
          "method",
          "unstarted",
          "factory",
          "child",
          "droppedExecute",
          "droppedSubmit",
          "droppedNamed",
          "droppedPool");

  private static final List<String> IN_EXECUTORS =
      List.of("execute", "submit", "named", "async", "helper");

  @ParameterizedTest
  @CsvSource({"G1,true", "G1,false", "Parallel,false", "Serial,true"})
  void every_origin_is_found_and_everything_still_works(
      String collector,
      boolean fromTheStart,
      @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory)
      throws Exception {
    // The JDK itself forgets the threads of a dropped executor at the next collection. A young
    // generation that does not fill up leaves that collection to the look.
    var launch = Target.java().collector(collector).option("-Xms512m", "-Xmn300m");
    if (fromTheStart) {
      launch.agent(directory, "leaks-after=1h");
    }
    try (var target = launch.start(directory, Origins.class)) {
      target.await("ready");
      Set<String> before = names(target.jcmd());
      assertFound(target.look());
      assertFound(target.look());
      assertEquals(before, names(target.jcmd()), "the JDK lists the same threads as before");

      assertEquals("used", target.ask("use", ""));
      assertFound(target.look());

      int held = IN_EXECUTORS.size() * Origins.EACH;
      assertEquals("interrupted " + held, target.ask("interrupt", ""));
      Look after = target.look();
      after.assertSound();
      IN_EXECUTORS.forEach(o -> assertEquals(0, after.certainAt(at(o)), o + " has ended"));
      ALONE.forEach(o -> assertEquals(Origins.EACH, after.certainAt(at(o)), o));
      Set<String> listed = names(target.jcmd());
      assertTrue(before.containsAll(listed), "no thread is listed that had not been there");
      assertEquals(0, target.end(), target.stderr());
    }
  }

  @Test
  void a_look_amid_constant_change_finds_what_stands_still_and_disturbs_nothing(
      @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory) throws Exception {
    try (var target = Target.java().collector("G1").start(directory, Churn.class)) {
      target.await("ready");
      churn(target, 25);
    }
  }

  @org.junit.jupiter.api.Tag("long")
  @ParameterizedTest
  @CsvSource({"G1", "Parallel", "Serial"})
  void many_looks_amid_constant_change(
      String collector, @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory)
      throws Exception {
    try (var target = Target.java().collector(collector).start(directory, Churn.class)) {
      target.await("ready");
      churn(target, 200);
    }
  }

  private static void churn(Target target, int looks) throws Exception {
    Marker direct = Marker.in(Churn.class, "direct");
    Marker shared = Marker.in(Churn.class, "shared");
    Marker inside = Marker.in(Churn.class, "inside");
    Marker outside = Marker.in(Churn.class, "outside");
    for (int i = 0; i < looks; i++) {
      // The look may come before the newest two have got as far as to block.
      target.ask("leak", "leaked");
      Look look = target.look();
      look.assertSound();
      int atLeast = Churn.LEAKED + i;
      assertBetween(atLeast, atLeast + 1, look.certainAt(direct), "look " + i);
      assertBetween(atLeast, atLeast + 1, look.certainAt(shared), "look " + i);
      // These wait for shutdownNow() of their executor, or for a thread that does.
      int excepted = 0;
      for (Marker waiting : List.of(inside, outside)) {
        for (Look.Found found : look.certain()) {
          if (found.first(waiting::inFile).filter(waiting::matches).isPresent()) {
            assertEquals("interrupt", found.except(), found::toString);
            excepted += found.count();
          }
        }
      }
      assertEquals(
          look.certainAt(direct) + look.certainAt(shared) + excepted,
          look.certain().stream().mapToInt(Look.Found::count).sum(),
          () -> "nothing else: " + look.certain());
      for (Look.Found found : look.certain()) {
        if (found.first(direct::inFile).filter(direct::matches).isPresent()) {
          assertEquals("", found.except(), found::toString);
        }
      }
    }
    String said = target.ask("stop", "");
    assertTrue(said.startsWith("sound "), said);
    target.look().assertSound();
    assertEquals(0, target.end(), target.stderr());
  }

  private static void assertBetween(int atLeast, int atMost, int count, String message) {
    assertTrue(atLeast <= count && count <= atMost, message + ": " + count);
  }

  private static void assertFound(Look look) {
    look.assertSound();
    for (String origin : ALONE) {
      assertEquals(Origins.EACH, look.certainAt(at(origin)), origin);
    }
    for (String origin : IN_EXECUTORS) {
      assertEquals(Origins.EACH, look.certainAt(at(origin)), origin);
      look.certain().stream()
          .filter(f -> f.first(at(origin)::inFile).filter(at(origin)::matches).isPresent())
          .forEach(f -> assertEquals("interrupt", f.except(), origin));
    }
    // The owner that waits in close may be interrupted, and then interrupts these.
    int expected = (ALONE.size() + IN_EXECUTORS.size()) * Origins.EACH;
    int closing = look.certainAt(at("closing"));
    assertTrue(closing == 0 || closing == Origins.EACH, "closing " + closing);
    assertEquals(
        expected + closing,
        look.certain().stream().mapToInt(Look.Found::count).sum(),
        () -> "nothing else: " + look.certain());
  }

  private static Marker at(String origin) {
    return Marker.in(Origins.class, origin);
  }

  private static Set<String> names(List<Target.Listed> threads) {
    return threads.stream()
        .map(Target.Listed::name)
        .filter(name -> name.startsWith("origin-"))
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
