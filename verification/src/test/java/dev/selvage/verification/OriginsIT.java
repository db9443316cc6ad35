package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * However a thread came to be, it is found when it leaks, with where it blocks and where it began,
 * and its executor does not notice.
 */
final class OriginsIT {
  private static final List<String> ALONE =
      List.of(
          "builder",
          "method",
          "unstarted",
          "factory",
          "child",
          "lambda",
          "droppedExecute",
          "droppedSubmit",
          "droppedNamed",
          "droppedPool");

  private static final List<String> IN_EXECUTORS =
      List.of("execute", "submit", "submitLambda", "named", "async", "asyncLambda", "helper");

  /** Where the task itself is a lambda: the method that it is in. */
  private static final Map<String, String> LAMBDAS =
      Map.of("lambda", "direct", "submitLambda", "reachable", "asyncLambda", "reachable");

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
      List<Target.Listed> threads = target.jcmd();
      var alive = new TreeSet<>(before);
      alive.removeIf(name -> name.startsWith("origin-named-"));
      assertEquals(before.size() - Origins.EACH, alive.size(), "they were listed before");
      assertEquals(alive, names(threads), "who has ended is listed no more, all others are");
      for (String origin : IN_EXECUTORS) {
        assertTrue(
            threads.stream().flatMap(t -> t.stack().stream()).noneMatch(at(origin)::matches),
            origin + " is listed after its end");
      }
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
    // Threads that ended while a look had taken them out of the JDK's list are not put back into
    // it.
    int standing = 2 * (Churn.LEAKED + looks);
    assertEquals(standing, target.reachable(Thread.startVirtualThread(() -> {}).getClass()));
    assertEquals(0, target.end(), target.stderr());
  }

  private static void assertBetween(int atLeast, int atMost, int count, String message) {
    assertTrue(atLeast <= count && count <= atMost, message + ": " + count);
  }

  private static void assertFound(Look look) {
    look.assertSound();
    for (String origin : ALONE) {
      assertBlocksAndBegan(look, origin);
    }
    for (String origin : IN_EXECUTORS) {
      assertBlocksAndBegan(look, origin);
      look.certain().stream()
          .filter(f -> f.first(at(origin)::inFile).filter(at(origin)::matches).isPresent())
          .forEach(f -> assertEquals("interrupt", f.except(), origin));
    }
    List<Look.Found> bare = look.certain().stream().filter(f -> f.site().isEmpty()).toList();
    assertEquals(Origins.EACH, bare.stream().mapToInt(Look.Found::count).sum(), "JDK only");
    assertTrue(bare.stream().allMatch(f -> f.entry().isEmpty()), bare::toString);
    int expected = (ALONE.size() + IN_EXECUTORS.size() + 1) * Origins.EACH;
    // The owner that waits in close may be interrupted, and then interrupts these.
    int closing = look.certainAt(at("closing"));
    assertTrue(closing == 0 || closing == Origins.EACH, "closing " + closing);
    assertEquals(
        expected + closing,
        look.certain().stream().mapToInt(Look.Found::count).sum(),
        () -> "nothing else: " + look.certain());
  }

  /** By what the report itself says, not by the stack that it comes with. */
  private static void assertBlocksAndBegan(Look look, String origin) {
    assertEquals(Origins.EACH, look.certainAt(at(origin)), origin);
    String type = "dev.selvage.verification.Origins.";
    String method = "by" + origin.substring(0, 1).toUpperCase(Locale.ROOT) + origin.substring(1);
    String leak = "(" + at(origin).place() + ")";
    List<Look.Found> here =
        look.certain().stream()
            .filter(f -> f.site().startsWith(type + "lambda$" + method + "$"))
            .toList();
    assertEquals(Origins.EACH, here.stream().mapToInt(Look.Found::count).sum(), origin);
    for (Look.Found found : here) {
      assertTrue(found.site().endsWith(leak), found::toString);
      String around = LAMBDAS.get(origin);
      if (around == null) {
        assertEquals(type + method + leak, found.entry(), origin);
      } else {
        String line = "(" + Marker.line(Origins.class, origin).place() + ")";
        assertTrue(found.entry().startsWith(type + "lambda$" + around + "$"), found::toString);
        assertTrue(found.entry().endsWith(line), found::toString);
      }
    }
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
