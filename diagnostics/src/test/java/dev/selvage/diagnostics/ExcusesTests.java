package dev.selvage.diagnostics;

import static dev.selvage.diagnostics.Reports.HEALTHY;
import static dev.selvage.diagnostics.Reports.finding;
import static dev.selvage.diagnostics.Reports.proof;
import static dev.selvage.diagnostics.Reports.report;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a rule is about, how it is told, and in which order findings stand. */
class ExcusesTests {
  private static final StackTraceElement PARK =
      new StackTraceElement("com.acme.Main", "park", "Main.java", 7);

  @ParameterizedTest
  @CsvSource({
    "keeper-1, keeper-1, true",
    "keeper-*, keeper-12, true",
    "keeper-*, my keeper-12, false",
    "*-keeper, my-keeper, true",
    "a*b*c, a1b2c, true",
    "a*b*c, a1c2b, false",
    "a.c, abc, false",
    "(x, (x, true",
  })
  void aPatternIsAboutAllOfTheName(String pattern, String name, boolean fits) {
    Excuses.Excuse excuse = Excuses.parse(pattern + "=why").ofThread(null, name);
    assertEquals(fits, excuse != null);
  }

  @Test
  void aPatternIsAboutFramesWithAndWithoutTheirLine() {
    for (String pattern :
        new String[] {"com.acme.Main.park", "com.acme.Main.park(Main.java:7)", "com.acme.*"}) {
      assertNotNull(Excuses.parse(pattern + "=why").ofStack(List.of(PARK)), pattern);
    }
    assertNull(Excuses.parse("com.acme.Main.park(Main.java:8)=why").ofStack(List.of(PARK)));
    assertNull(Excuses.parse("acme.Main.park=why").ofStack(List.of(PARK)));
  }

  @Test
  void theFirstRuleThatFitsIsNamed() {
    Excuses rules = Excuses.parse("# reviewed in March\n\n a = first \n*b=second=third\n");
    assertEquals(
        List.of(new Excuses.Rule("a", "first"), new Excuses.Rule("*b", "second=third")),
        rules.rules());
    assertEquals(new Excuses.Excuse("*b", "second=third"), rules.ofThread(null, "ab"));
    assertEquals(rules.rules(), Excuses.NONE.and(rules).rules());
  }

  @ParameterizedTest
  @ValueSource(strings = {"keeper", "keeper=", "keeper=  ", "*=all", "**=all", "=nothing"})
  void anExcuseNeedsAReasonAndAnObject(String rule) {
    assertThrows(IllegalArgumentException.class, () -> Excuses.parse(rule));
  }

  @Test
  void whatCodeSaysCountsBeforeTheName() {
    Excuses rules = Excuses.parse("*keeper*=by rule");
    assertEquals(
        new Excuses.Excuse("Go.parkedForever", "by code"), rules.ofThread("by code", "keeper"));
    assertEquals(
        new Excuses.Excuse("its name", "I am a keeper"),
        rules.ofThread(null, "parked for ever: I am a keeper"));
    assertNull(Excuses.NONE.ofThread(null, "parked for ever: "));
    assertNull(rules.ofThread(null, ""));
  }

  @Test
  void fieldsAndLinesOfWhatGrowsAreExcusedToo() {
    Finding map =
        finding("map growth", 80)
            .at("com.acme.Prices.load(Prices.java:9)", null)
            .evidence("field", "com.acme.Prices.CACHE")
            .suspected();
    for (String pattern :
        new String[] {
          "com.acme.Prices.CACHE", "com.acme.Prices.load", "com.acme.Prices.load(Prices.java:9)"
        }) {
      Finding excused = Excuses.parse(pattern + "=one for each product").applied(map);
      assertEquals(Finding.State.EXCUSED, excused.details().state(), pattern);
      assertEquals("one for each product", excused.details().evidence().get("excuse"));
      assertEquals("suspected", excused.verdict());
    }
    assertSame(map, Excuses.parse("com.acme.Prices.OTHER=why").applied(map));
  }

  @Test
  void idleByDesignExcusesSuspicionsAndNothingThatIsProven() {
    List<StackTraceElement> idle =
        List.of(
            new StackTraceElement(
                "java.util.concurrent.ThreadPoolExecutor", "getTask", "ThreadPoolExecutor.java", 9),
            PARK);
    Finding suspected = finding("BlockingQueue.take", 3).stack(idle).suspected();
    Finding proven = finding("BlockingQueue.take", 3).stack(idle).proven();
    assertEquals(Finding.State.EXCUSED, Excuses.NONE.applied(suspected).details().state());
    assertSame(proven, Excuses.NONE.applied(proven));
  }

  @Test
  void aDeadlockIsNeverOnPurpose() {
    Finding circle = finding("lock cycle", 2).stack(List.of(PARK)).deadlocked();
    assertSame(circle, Excuses.parse("com.acme.*=why").applied(circle));
  }

  @Test
  void excusedFindingsAreShownAndNotCounted() {
    Finding leak = finding("chan receive", 3).stack(List.of(PARK)).proven();
    Finding excused = Excuses.parse("com.acme.Main.park=waits for the end").applied(leak);
    assertEquals(3, Excuses.threads(List.of(excused, leak)));
    String text = ReportText.render(report(HEALTHY.withExcused(3), proof(), excused), false);
    assertTrue(text.contains("EXCUSED  proven  chan receive  x3"), text);
    assertTrue(text.contains("on purpose   waits for the end (by com.acme.Main.park)"), text);
    assertTrue(text.contains("0 leaks."), text);
    assertTrue(text.contains("3 excused"), text);
    assertFalse(text.contains("  try"), text);
    assertTrue(
        ReportJson.render(report(HEALTHY.withExcused(3), proof(), excused))
            .contains("\"excused\":3"));
  }

  @Test
  void theWorstComesFirst() {
    List<Finding> ordered =
        List.of(
            finding("chan send", 1).retains(900).proven(),
            finding("chan send", 2).retains(100).proven(),
            finding("chan send", 70).proven(),
            Excuses.parse("com.acme.Main.park=why")
                .applied(finding("chan send", 99).stack(List.of(PARK)).proven()),
            finding("lock cycle", 2).deadlocked(),
            finding("map growth", 10).evidence("entriesPerSecond", 50.5).suspected(),
            finding("queue growth", 900).evidence("perSecond", 20.0).suspected(),
            finding("chan receive", 500).suspected(),
            finding("chan receive", 400).suspected());
    List<Finding> shuffled = new ArrayList<>(ordered);
    Collections.shuffle(shuffled, new Random(7));
    shuffled.sort(Finding.WORST_FIRST);
    assertEquals(ordered, shuffled);
  }
}
