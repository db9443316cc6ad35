package dev.selvage.diagnostics;

import static dev.selvage.diagnostics.Reports.HEALTHY;
import static dev.selvage.diagnostics.Reports.finding;
import static dev.selvage.diagnostics.Reports.noProof;
import static dev.selvage.diagnostics.Reports.proof;
import static dev.selvage.diagnostics.Reports.report;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a person reads: golden texts. */
final class ReportTextTests {
  private static final Finding.Proven QUOTE =
      finding("chan send", 128)
          .at(
              "com.acme.OrderService.quote(OrderService.java:57)",
              "com.acme.OrderService.handle(OrderService.java:49)")
          .seen(840)
          .retains(1_258_291)
          .evidence("waitsOn", List.of("chan(0/0)@1b2c, last receiver #31, which is gone"))
          .evidence("waitsOnAlike", 7)
          .evidence("waitsOnLookedAt", 8)
          .except("interrupt")
          .because("nothing that can still run can reach the channel it sends on")
          .suggestion(
              "give the channel one slot of buffer, or select on ctx.done() beside the send")
          .proven();

  private static final Finding.Suspected CACHE =
      finding("map growth", 1)
          .at("com.acme.Cache.put(Cache.java:12)", null)
          .evidence("field", "com.acme.Cache.ENTRIES")
          .evidence("size", 12_000)
          .evidence("perMinute", 1500.25)
          .evidence("sizes", List.of("10", "4000", "12000"))
          .because("it only ever grew while it was watched")
          .suggestion("bound it: Caffeine with expireAfterWrite")
          .suspected();

  @Test
  @DisplayName("a report with one finding of each verdict reads as designed")
  void golden() {
    Finding.Deadlocked deadlocked =
        finding("Lock.lock", 2)
            .at("com.acme.Bank.move(Bank.java:7)", "com.acme.Bank.move(Bank.java:7)")
            .because("they wait for each other")
            .suggestion("take the locks in one order")
            .deadlocked();
    Finding.Suspected ticker =
        finding("ticker growth", 40)
            .at("com.acme.Poll.start(Poll.java:21)", null)
            .seen(5400)
            .evidence("new", 40L)
            .suspected();
    Map<String, Integer> unprovable = new LinkedHashMap<>();
    unprovable.put("Object.wait", 20);
    unprovable.put("monitor enter", 4);
    Report report =
        report(
            new Report.Goroutines(1404, 1400, unprovable, 3, 1186, 10, 60),
            proof(),
            List.of(
                new Report.Missing(
                    "java.base/java.util.concurrent",
                    "threads of executors cannot be proven; --add-opens"
                        + " java.base/java.util.concurrent=ALL-UNNAMED gives it")),
            List.of("JDK 25.0.2 can lose a wake-up (JDK-8369227): use 25.0.3 or newer"),
            QUOTE,
            deadlocked,
            CACHE,
            ticker);

    assertEquals(
        """
        LEAK  proven  chan send  x128   oldest 14m   1.2 MiB retained
          blocked at   com.acme.OrderService.quote(OrderService.java:57)
          started at   com.acme.OrderService.handle(OrderService.java:49)
          waits on     chan(0/0)@1b2c, last receiver #31, which is gone (alike: 7 of 8 looked at)
          because      nothing that can still run can reach the channel it sends on
          except       only shutdownNow() of an executor can still wake it
          try          give the channel one slot of buffer, or select on ctx.done() beside the send
          see          docs/guide/scenarios/1-abandoned-sender.md

        LEAK  deadlocked  Lock.lock  x2
          blocked at   com.acme.Bank.move(Bank.java:7)
          because      they wait for each other
          try          take the locks in one order

        LEAK  suspected  map growth  x1
          grows at     com.acme.Cache.put(Cache.java:12)
          evidence     ▁▃█ 10 to 12,000; field com.acme.Cache.ENTRIES; size 12,000; \
        per minute 1,500.3
          because      it only ever grew while it was watched
          try          bound it: Caffeine with expireAfterWrite
          see          docs/guide/scenarios/4-growing-map.md

        LEAK  suspected  ticker growth  x40   oldest 1h30m
          created at   com.acme.Poll.start(Poll.java:21)
          evidence     new 40
          see          docs/guide/scenarios/3-forgotten-ticker.md

        128 threads proven to leak in 1 finding, 2 deadlocked, 2 suspicions. \
        1,404 virtual threads: 4 run, 1,186 can be woken (10 by a timer), 60 wait for I/O, \
        24 cannot be judged (20 Object.wait, 4 monitor enter), 3 excused; \
        canary found; pause 7 ms, 31 ms in all.
          note         JDK 25.0.2 can lose a wake-up (JDK-8369227): use 25.0.3 or newer
          missing      java.base/java.util.concurrent: threads of executors cannot be proven; \
        --add-opens java.base/java.util.concurrent=ALL-UNNAMED gives it
        """,
        ReportText.render(report, false));
  }

  @Test
  @DisplayName("evidence is in words, and says what no other line has said")
  void evidence() {
    Finding map =
        finding("map growth", 84)
            .at("com.acme.Cache.put(Cache.java:12)", null)
            .evidence("field", "com.acme.Cache.ENTRIES")
            .evidence("class", "java.util.concurrent.ConcurrentHashMap")
            .evidence("entries", 84L)
            .evidence("entriesPerSecond", 7.0)
            .evidence("sizes", List.of("0.5s 4", "12s 84"))
            .evidence("keyClass", "com.acme.Cache$Key")
            .evidence("keyFault", "no equals")
            .evidence("putSites", List.of("com.acme.Cache.put(Cache.java:12)"))
            .evidence("createdAt", "com.acme.Cache.<clinit>(Cache.java:3)")
            .because("the map in com.acme.Cache.ENTRIES only grew")
            .suspected();
    String text = ReportText.render(report(HEALTHY, proof(), map), false);
    assertTrue(
        text.contains(
            "  evidence     ▁█ 4 to 84; class ConcurrentHashMap; entries per second 7;"
                + " key class Cache$Key; key fault no equals;"
                + " created at com.acme.Cache.<clinit>(Cache.java:3)\n"),
        text);
  }

  @Test
  @DisplayName("what is as many as the heading says is not said again, and what is not is")
  void evidenceOfNumbers() {
    Finding other = finding("queue growth", 84).evidence("queued", 80L).suspected();
    assertTrue(ReportText.render(report(HEALTHY, proof(), other), false).contains("queued 80"));
  }

  @Test
  @DisplayName("the healthy get one line that says what was seen")
  void healthy() {
    Report.Proof quick = new Report.Proof("now", 2, 3.1, 7.1, true, true, 0, null);
    assertEquals(
        """
        0 leaks. 1,204 virtual threads: 1,100 can be woken, 80 wait for I/O, \
        24 cannot be judged (monitors); canary found; 7 ms.
        """,
        ReportText.render(report(HEALTHY, quick), false));
  }

  @Test
  @DisplayName("what is always on says how many collections it had instead of a pause")
  void alwaysOn() {
    Report.Proof proof =
        new Report.Proof("always-on", 3, 0, 7.1, false, false, 0, "no collection has judged yet");
    String text =
        ReportText.render(report(HEALTHY, proof, finding("chan send", 2).proven()), false);
    assertTrue(
        text.contains("but the proof is not complete: no collection has judged yet. "), text);
    assertTrue(
        text.endsWith(
            "; canary NOT found, so leaks may be missing here; 3 cycles of the program's own, 7 ms"
                + " in all.\n"),
        text);
  }

  @Test
  @DisplayName("one of each is not put in the plural, and what is not known is left out")
  void singular() {
    assertEquals(
        "0 leaks. 1 virtual thread: 1 waits for I/O; canary found; 31 ms.\n",
        ReportText.render(
            report(new Report.Goroutines(1, 1, Map.of("I/O", 1), 0, -1, -1, -1), proof()), false));
    assertEquals(
        "0 leaks. 0 virtual threads; canary found; 31 ms.\n",
        ReportText.render(
            report(new Report.Goroutines(0, 0, Map.of(), 0, -1, -1, -1), proof()), false));
  }

  @Test
  @DisplayName("where nothing could be proven the text never says 0 leaks")
  void noProofPossible() {
    String text =
        ReportText.render(
            report(
                new Report.Goroutines(3, 2, Map.of(), 0, -1, -1, 1),
                noProof("java.lang is not open; start with the agent.")),
            false);
    assertEquals(
        "Nothing could be proven: java.lang is not open; start with the agent."
            + " 3 virtual threads: 1 runs, 1 waits for I/O; 3 ms.\n",
        text);
    assertEquals(
        "Nothing could be proven: no door. Virtual threads were not counted; 3 ms.\n",
        ReportText.render(
            report(new Report.Goroutines(0, 0, Map.of(), 0, -1, -1, -1), noProof("no door")),
            false));
    String withSuspect =
        ReportText.render(
            report(new Report.Goroutines(3, 3, Map.of(), 0, -1, -1, -1), noProof("ZGC"), CACHE),
            false);
    assertTrue(
        withSuspect.endsWith(
            "\n0 leaks proven, 1 suspicion; nothing could be proven: ZGC. 3 virtual threads; 3 ms"
                + " in all.\n"),
        withSuspect);
  }

  @Test
  @DisplayName("an incomplete proof and a lost canary are said in the summary")
  void incomplete() {
    Report.Proof proof = new Report.Proof("now", 1, 2, 9, false, false, 1, "the program is ending");
    assertEquals(
        "0 leaks, but the proof is not complete: the program is ending. 1,204 virtual threads:"
            + " 1,100 can be woken, 80 wait for I/O, 24 cannot be judged (monitors);"
            + " canary NOT found, so leaks may be missing here; 1 refuted; 9 ms.\n",
        ReportText.render(report(HEALTHY, proof), false));
  }

  @Test
  @DisplayName("a finding that is over is shown as what it became and not counted as a leak")
  void over() {
    Finding gone =
        finding("chan send", 3).state(Finding.State.GONE).at("a.B.c(B.java:1)", null).proven();
    String text = ReportText.render(report(HEALTHY, proof(), gone), false);
    assertTrue(text.startsWith("GONE  proven  chan send  x3\n  blocked at   a.B.c"), text);
    assertTrue(text.contains("\n0 leaks. 1,204"), text);
  }

  @Test
  @DisplayName("what the explanation says already is not said again")
  void exceptOnce() {
    Finding finding =
        finding("park", 1)
            .except("interrupt")
            .because("nobody has it; only shutdownNow() of an executor can still wake it")
            .proven();
    String text = ReportText.render(report(HEALTHY, proof(), finding), false);
    assertFalse(text.contains("except"), text);
  }

  @Test
  @DisplayName("without a frame of the program the first telling frame of the JDK is shown")
  void jdkOnly() {
    Finding finding =
        finding("BlockingQueue.take", 1)
            .frame("java.lang.VirtualThread", "park", "VirtualThread.java", 738)
            .frame("java.util.concurrent.locks.LockSupport", "park", "LockSupport.java", 369)
            .frame("java.util.concurrent.LinkedTransferQueue", "take", null, -1)
            .proven();
    String text = ReportText.render(report(HEALTHY, proof(), finding), false);
    assertTrue(
        text.contains(
            "\n  blocked at   java.util.concurrent.LinkedTransferQueue.take(Unknown Source)\n"),
        text);
  }

  @Test
  @DisplayName("colours only where asked, and they change nothing but the colour")
  void colors() {
    Report report = report(HEALTHY, proof(), QUOTE, CACHE);
    String plain = ReportText.render(report, false);
    String colored = ReportText.render(report, true);
    assertFalse(plain.contains("\u001b"), plain);
    assertTrue(colored.startsWith("\u001b[1;31mLEAK\u001b[0m  proven  "), colored);
    assertTrue(colored.contains("\u001b[1;33mLEAK\u001b[0m  suspected  "), colored);
    assertEquals(plain, colored.replaceAll("\u001b\\[[0-9;]*m", ""));
  }

  @Test
  @DisplayName("names of the program cannot steer the terminal or break a line")
  void hostile() {
    Finding finding =
        finding("map growth", 1)
            .at("a.B.c(B.java:1)", null)
            .evidence("key", "x\u001b[2J\nLEAK \u202e\ud800 \ud83d\ude00 é")
            .suspected();
    String text = ReportText.render(report(HEALTHY, proof(), finding), true);
    assertTrue(text.contains("key x\\u001b[2J\\u000aLEAK \\u202e\\ud800 \ud83d\ude00 é\n"), text);
  }

  @Test
  @DisplayName("the default locale does not show")
  void locale() {
    Report report = report(HEALTHY, proof(), QUOTE, CACHE);
    String expected = ReportText.render(report, false);
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
      assertEquals(expected, ReportText.render(report, false));
    } finally {
      Locale.setDefault(before);
    }
  }

  @ParameterizedTest(name = "{0} s is {1}")
  @CsvSource({
    "1,1s",
    "59,59s",
    "60,1m",
    "61,1m1s",
    "600,10m",
    "659,10m",
    "840,14m",
    "3600,1h",
    "3659,1h",
    "5400,1h30m",
    "36000,10h",
    "86400,1d",
    "100000,1d3h",
    "864000,10d",
    "172800000,'2,000d'"
  })
  @DisplayName("durations are rounded down, since they are lower bounds")
  void durations(long seconds, String expected) {
    assertEquals(
        "LEAK  proven  park  x1   oldest " + expected,
        firstLine(finding("park", 1).seen(seconds).proven()));
  }

  @Test
  @DisplayName("an age of no seconds is not worth a word")
  void noAge() {
    assertEquals("LEAK  proven  park  x1", firstLine(finding("park", 1).seen(0).proven()));
  }

  @ParameterizedTest(name = "{0} bytes are {1}")
  @CsvSource({
    "0,0 B",
    "1023,'1,023 B'",
    "1024,1.0 KiB",
    "1048575,1.0 MiB",
    "1258291,1.2 MiB",
    "1073741824,1.0 GiB",
    "9223372036854775807,'8,192.0 PiB'"
  })
  void sizes(long bytes, String expected) {
    assertEquals(
        "LEAK  proven  park  x1   " + expected + " retained",
        firstLine(finding("park", 1).retains(bytes).proven()));
  }

  private static String firstLine(Finding finding) {
    return ReportText.render(report(HEALTHY, proof(), finding), false).lines().findFirst().get();
  }
}
