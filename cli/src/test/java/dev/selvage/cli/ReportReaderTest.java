package dev.selvage.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.ReportJson;
import dev.selvage.diagnostics.ReportText;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ReportReaderTest {

  @Test
  void aReportComesBackAsItWasWritten() {
    Report report =
        Reports.of(
            false,
            Reports.proven("com.acme.Order.quote(Order.java:57)"),
            Reports.refuted("com.acme.Order.quote(Order.java:58)"),
            Reports.deadlocked("com.acme.Order.lock(Order.java:60)"),
            Reports.suspected("com.acme.Cache.put(Cache.java:9)"));
    Report read = ReportReader.read(ReportJson.render(report));
    assertEquals(report, read);
    assertEquals(ReportText.render(report, true), ReportText.render(read, true));
  }

  @Test
  void whatIsNotThereIsNotKnown() {
    Report read =
        ReportReader.read(
            """
            {"schema":"selvage.leaks/1","capturedAt":"2026-01-01T00:00:00Z","new":[1],
             "findings":[{"verdict":"proven","kind":"park","fingerprint":"f"}]}
            """);
    assertEquals(-1, read.goroutines().canBeWoken());
    assertTrue(read.findings().getFirst().details().seenSeconds().isEmpty());
    assertEquals(1, read.findings().getFirst().details().count());
    assertEquals("none", read.proof().mode());
  }

  @Test
  void theAgentsErrorIsPassedOn() {
    var failure =
        assertThrows(
            CommandFailure.class,
            () -> ReportReader.read("{\"schema\":\"selvage.error/1\",\"error\":\"no luck\"}"));
    assertEquals("no luck", failure.getMessage());
    assertEquals(ExitCode.INCOMPLETE, failure.exitCode());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "<html>",
        "{}",
        "[]",
        "{\"schema\":\"selvage.leaks/2\"}",
        "{\"schema\":\"selvage.leaks/1\"}",
        "{\"schema\":\"selvage.leaks/1\",\"capturedAt\":\"2026-01-01T00:00:00Z\","
            + "\"findings\":[{\"verdict\":\"guessed\"}]}",
        "{\"schema\":\"selvage.leaks/1\",\"capturedAt\":\"2026-01-01T00:00:00Z\","
            + "\"findings\":[{\"verdict\":\"proven\",\"stack\":[\"nonsense\"]}]}"
      })
  void whatIsNoReportIsRefusedInOneLine(String text) {
    var failure = assertThrows(CommandFailure.class, () -> ReportReader.read(text));
    assertEquals(ExitCode.INCOMPLETE, failure.exitCode());
    assertEquals(1, String.valueOf(failure.getMessage()).lines().count(), failure.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "com.acme.Order.quote(Order.java:57)",
        "com.acme.Order.<init>(Order.java)",
        "com.acme.Order$1.lambda$a$0(Native Method)",
        "Main.main(Unknown Source)"
      })
  void framesAreReadAsTheyArePrinted(String text) {
    assertEquals(text, ReportReader.frame(text).toString());
  }

  @Test
  void aModuleBeforeAFrameIsLeftOut() {
    assertEquals(
        "java.lang.Thread",
        ReportReader.frame("java.base/java.lang.Thread.run(Thread.java:1)").getClassName());
  }
}
