package dev.selvage.agent.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.agent.internal.Options.SchedulerChoice;
import dev.selvage.diagnostics.AlwaysOn;
import dev.selvage.diagnostics.Excuses;
import dev.selvage.diagnostics.Leaks.Mode;
import dev.selvage.diagnostics.Rules;
import dev.selvage.diagnostics.trace.TraceFormat;
import dev.selvage.http.DebugOption;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the agent understands, and what it says when it does not. */
class OptionsTests {

  @Test
  void nothingIsAskedByDefault() {
    Options options = Options.parse("");
    assertEquals(Optional.empty(), options.duration("leaks-after"));
    assertEquals(OptionalInt.empty(), options.port());
    assertFalse(options.is("at-exit", false));
    assertEquals(Mode.NOW, options.mode());
  }

  @Test
  void valuesArePercentEncoded() {
    Options options = Options.parse("report=%2Ftmp%2Fa%2Cb%3Dc+d.json,text=true,quiet");
    assertEquals(Optional.of(Path.of("/tmp/a,b=c d.json")), options.path("report"));
    assertTrue(options.is("text", false));
    assertTrue(options.is("quiet", false));
  }

  @Test
  void theReportIsKnownWhateverElseIsWrong() {
    Optional<Path> report = Optional.of(Path.of("/tmp/a,b"));
    assertEquals(report, Options.report("no-such=1,report=%2Ftmp%2Fa%2Cb,mode=%ZZ"));
    assertEquals(report, Options.report(" report=%2Ftmp%2Fa%2Cb"));
    for (String none : List.of("", "no-such=1", "report=%ZZ", "report=a%00b", "reports=a")) {
      assertEquals(Optional.empty(), Options.report(none), none);
    }
  }

  @ParameterizedTest
  @CsvSource({"500ms,500", "3s,3000", "2m,120000", "1h,3600000", "PT1.5S,1500", "0s,0"})
  void durationsHaveUnits(String text, long millis) {
    Options options = Options.parse("leaks-after=" + text);
    assertEquals(Optional.of(Duration.ofMillis(millis)), options.duration("leaks-after"));
  }

  private static void assertRefused(String sentence, Executable executable) {
    String message = assertThrows(IllegalArgumentException.class, executable).getMessage();
    assertNotNull(message);
    assertTrue(message.contains(sentence), message);
  }

  @Test
  void rulesAreGivenOrReadFromFile(@TempDir Path directory) throws Exception {
    assertEquals(Rules.NONE, Options.parse("").rules());
    Path file = directory.resolve("rules");
    Files.writeString(file, "# reviewed\ncom.acme.Prices.CACHE=bounded by the catalogue\n");
    Rules rules =
        Options.parse(
                "excuse=keeper-*%3Dkeeps+a+connection%0Amain%3Dwaits,blocked-longer=10m,excuses="
                    + URLEncoder.encode(file.toString(), StandardCharsets.UTF_8))
            .rules();
    assertEquals(
        List.of(
            new Excuses.Rule("keeper-*", "keeps a connection"),
            new Excuses.Rule("main", "waits"),
            new Excuses.Rule("com.acme.Prices.CACHE", "bounded by the catalogue")),
        rules.excuses().rules());
    assertEquals(Duration.ofMinutes(10), rules.blockedLonger());
  }

  @Test
  void rulesThatAreNoneAreRefused() {
    assertRefused("has no reason", () -> Options.parse("excuse=keeper").rules());
    assertRefused("is none", () -> Options.parse("excuse=*%3Dall").rules());
    assertRefused("cannot read", () -> Options.parse("excuses=/nonexistent/x").rules());
    assertRefused("longer than 0", () -> Options.parse("blocked-longer=0s").rules());
  }

  @ParameterizedTest
  @CsvSource({"3", "-1s", "s", "PT-1S", "soon", "99999999999999999999s", "9223372036854775807h"})
  void aDurationThatIsNoneIsNamed(String text) {
    Options options = Options.parse("leaks-after=" + text);
    assertRefused("leaks-after: '" + text + "'", () -> options.duration("leaks-after"));
  }

  @ParameterizedTest
  @CsvSource({"port=65536", "port=-1", "port=http"})
  void aPortThatIsNoneIsNamed(String text) {
    Options options = Options.parse(text);
    assertRefused("from 0 to 65535", options::port);
  }

  @Test
  void anUnknownOptionNamesTheKnownOnes() {
    assertRefused(
        "unknown agent option 'leeks-after'; known are address, after, allow-locks, always,"
            + " always-format, at-exit, block-profile-rate",
        () -> Options.parse("leeks-after=3s"));
  }

  @Test
  void aModeOrAFlagThatIsNoneIsNamed() {
    Options options = Options.parse("mode=sometimes,text=perhaps");
    assertRefused("none of now, concurrent, reclaim", options::mode);
    assertRefused("neither true nor false", () -> options.is("text", false));
    assertRefused("not percent-encoded", () -> Options.parse("report=%zz"));
  }

  @Test
  void locksAreAllowedByNameOnly() {
    assertArrayEquals(new DebugOption[0], Options.parse("port=0,dump-locks=true").debug());
    assertArrayEquals(new DebugOption[0], Options.parse("allow-locks=false").debug());
    assertArrayEquals(
        new DebugOption[] {DebugOption.LOCKS}, Options.parse("port=0,allow-locks=true").debug());
    assertRefused("neither true nor false", () -> Options.parse("allow-locks=1").debug());
  }

  @Test
  void theSchedulerIsOneOfThree() {
    assertEquals(SchedulerChoice.AUTO, Options.parse("").scheduler());
    assertEquals(SchedulerChoice.AUTO, Options.parse("scheduler=auto").scheduler());
    assertEquals(SchedulerChoice.JDK, Options.parse("scheduler=jdk").scheduler());
    assertEquals(SchedulerChoice.GMP, Options.parse("scheduler=gmp").scheduler());
    assertRefused("none of auto, jdk, gmp", () -> Options.parse("scheduler=go").scheduler());
  }

  @Test
  void whatIsAlwaysOnHasALevelAndAThreshold() {
    assertEquals(Optional.empty(), Options.parse("").always());
    assertEquals(Optional.empty(), Options.parse("always=off").always());
    assertEquals(Optional.of(AlwaysOn.LOW), Options.parse("always=low").always());
    Options high = Options.parse("always=high,after=200ms,always-format=json");
    assertEquals(Optional.of(AlwaysOn.HIGH.after(Duration.ofMillis(200))), high.always());
    assertTrue(high.newsAreJson());
    assertFalse(Options.parse("always=high").newsAreJson());
    assertRefused("always: 'on' is none of low, high, off", Options.parse("always=on")::always);
    assertRefused("after: it is not on; say always=low", Options.parse("after=3s")::always);
    assertRefused("longer than 0", Options.parse("always=low,after=0s")::always);
    assertRefused("neither text nor json", Options.parse("always-format=xml")::newsAreJson);
  }

  @Test
  void numbersAndTheFormOfDumpsAreChecked() {
    Options options = Options.parse("dump-above=5000,dump-format=json,block-profile-rate=10000");
    assertEquals(OptionalLong.of(5000), options.number("dump-above"));
    assertEquals(OptionalLong.empty(), options.number("mutex-profile-fraction"));
    assertTrue(options.dumpsJson());
    assertFalse(Options.parse("").dumpsJson());
    for (String bad : new String[] {"dump-above=0", "dump-above=x", "dump-above=-1"}) {
      assertThrows(
          IllegalArgumentException.class, () -> Options.parse(bad).number("dump-above"), bad);
    }
    assertThrows(
        IllegalArgumentException.class, () -> Options.parse("dump-format=xml").dumpsJson());
  }

  @Test
  void aFlightRecorderHasDefaults(@TempDir Path dir) {
    assertEquals(Optional.empty(), Options.parse("").flight());
    Options off = Options.parse("flight-recorder=off");
    assertTrue(off.stopsFlight());
    assertEquals(Optional.empty(), off.flight());
    Flight.Plan plain = Options.parse("flight-recorder=10s").flight().orElseThrow();
    assertEquals(Duration.ofSeconds(10), plain.keep());
    assertEquals(10 << 20, plain.bytes());
    assertEquals(Optional.empty(), plain.directory());
    plain.check(); // nothing to check

    Path files = dir.resolve("flights");
    Flight.Plan plan =
        Options.parse(
                "flight-recorder=2s,flight-bytes=1000000,flight-on-slow=500ms,flight-every=5s,"
                    + "flight-files=3,flight-format=perfetto,flight-on-leak=false,flight-dir="
                    + files)
            .flight()
            .orElseThrow();
    assertEquals(Optional.of(files), plan.directory());
    assertEquals(Optional.of(Duration.ofMillis(500)), plan.slow());
    assertEquals(TraceFormat.PERFETTO, plan.format());
    assertEquals(3, plan.files());
    assertEquals(Duration.ofSeconds(5), plan.every());
    assertFalse(plan.onLeak());
    assertTrue(plan.onUncaught());
    plan.check();
    assertTrue(java.nio.file.Files.isDirectory(files), "it is made before the program starts");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "flight-recorder=0s | flight-recorder: must be longer than 0",
        "flight-recorder=soon | flight-recorder: 'soon' is not a duration",
        "flight-recorder | flight-recorder: 'true' is not a duration",
        "flight-dir=x | flight-dir: there is no flight recorder; say flight-recorder=10s",
        "flight-recorder=1s,flight-on-slow=1s | flight-on-slow: nothing is written by itself; say"
            + " flight-dir=DIRECTORY",
        "flight-recorder=1s,flight-dir=x,flight-on-slow=0s | flight-on-slow: must be longer than 0",
        "flight-recorder=1s,flight-dir=x,flight-format=gif | flight-format: 'gif' is neither go"
            + " nor",
        "flight-recorder=1s,flight-bytes=0 | flight-bytes: '0' is not a number from 1 up",
      })
  void whatIsWrongWithAFlightRecorderIsNamed(String options, String sentence) {
    assertRefused(sentence, () -> Options.parse(options).flight());
  }

  /** Also what is read only when it is needed. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "allow-locks=maybe",
        "at-exit=maybe",
        "color=maybe",
        "count-usage=maybe",
        "dump-locks=maybe",
        "quiet=maybe",
        "recover=maybe",
        "suspects=maybe",
        "text=maybe",
        "dump-every=soon",
        "leaks-after=soon",
        "watch=soon",
        "block-profile-rate=0",
        "dump-above=0",
        "mutex-profile-fraction=0",
        "address=%00",
        "dump-file=%00",
        "report=%00",
        "dump-format=xml",
        "always-format=xml",
        "always=sometimes",
        "flight-recorder=soon",
        "mode=later",
        "port=65536",
        "blocked-longer=soon",
        "scheduler=go"
      })
  void everyBadValueIsRefusedAtOnce(String option) {
    Options options = Options.parse(option);
    assertRefused(
        "agent option " + option.substring(0, option.indexOf('=')) + ": ", options::check);
  }

  @Test
  void theGuideHasEveryOption() throws Exception {
    String refusal =
        assertThrows(IllegalArgumentException.class, () -> Options.parse("nonsense")).getMessage();
    assertNotNull(refusal);
    String known = refusal.substring(refusal.indexOf("known are ") + "known are ".length());
    String page = Files.readString(Path.of("../docs/guide/proof.md"));
    int from = page.indexOf("\n## The agent\n");
    String section = page.substring(from, page.indexOf("\n## ", from + 1));
    List<String> missing =
        Stream.of(known.split(", ")).filter(name -> !section.contains("`" + name + "=")).toList();
    assertEquals(List.of(), missing);
  }
}
