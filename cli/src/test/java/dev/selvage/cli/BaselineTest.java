package dev.selvage.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.ReportJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** What a baseline makes of {@code --fail-on}: what was there before is no reason to fail. */
final class BaselineTest {
  private final Path directory;
  private final Commands commands = new Commands();

  BaselineTest(@TempDir Path directory) {
    this.directory = directory;
  }

  private Baseline baseline(Report before) throws IOException {
    Path file = Files.writeString(directory.resolve("base.json"), ReportJson.render(before));
    return Baseline.read(new CommandLine(CommandLine.Model.CommandSpec.create()), file.toString());
  }

  private static Finding proven(String fingerprint, int count) {
    return new Finding.Proven(Reports.details(fingerprint, count, Finding.State.OPEN));
  }

  private static Finding suspected(String fingerprint, int count) {
    return new Finding.Suspected(Reports.details(fingerprint, count, Finding.State.OPEN));
  }

  private static Finding refuted(String fingerprint, int count) {
    return new Finding.Proven(Reports.details(fingerprint, count, Finding.State.REFUTED));
  }

  private int outcome(Report before, Report after, FailOn failOn) throws IOException {
    return Outcome.of(after, failOn, baseline(before), commands.terminal());
  }

  @ParameterizedTest
  @CsvSource({
    "3, 3, 0", // the same
    "3, 2, 0", // fewer
    "3, 4, 1", // grown
    "0, 1, 1", // new
  })
  void onlyWhatIsNewOrHasGrownFails(int before, int after, int code) throws Exception {
    Report then = before == 0 ? Reports.healthy() : Reports.of(true, proven("Leak", before));
    Report now = Reports.of(true, proven("Leak", after));
    assertEquals(code, outcome(then, now, FailOn.PROVEN));
    assertEquals(code, outcome(then, now, FailOn.ANY));
  }

  @Test
  void whatIsGoneDoesNotFail() throws Exception {
    Report then = Reports.of(true, proven("Leak", 3), suspected("Other", 3));
    assertEquals(ExitCode.DONE, outcome(then, Reports.healthy(), FailOn.ANY));
  }

  @Test
  void suspicionsThatGrowFailOnlyWhereAnyWasAskedFor() throws Exception {
    Report then = Reports.of(true, proven("Leak", 3), suspected("Leak", 3));
    Report now = Reports.of(true, proven("Leak", 3), suspected("Leak", 9), suspected("New", 1));
    assertEquals(ExitCode.DONE, outcome(then, now, FailOn.PROVEN));
    assertEquals(ExitCode.FINDINGS, outcome(then, now, FailOn.ANY));
  }

  @Test
  void aSuspicionThatIsProvenNowIsNewAmongTheProven() throws Exception {
    Report then = Reports.of(true, suspected("Leak", 9));
    Report now = Reports.of(true, proven("Leak", 3));
    assertEquals(ExitCode.FINDINGS, outcome(then, now, FailOn.PROVEN));
  }

  @Test
  void whatWasRefutedThenOrNowDoesNotCount() throws Exception {
    assertEquals(
        ExitCode.FINDINGS,
        outcome(
            Reports.of(true, refuted("Leak", 9)),
            Reports.of(true, proven("Leak", 3)),
            FailOn.PROVEN));
    assertEquals(
        ExitCode.DONE,
        outcome(Reports.healthy(), Reports.of(true, refuted("Leak", 9)), FailOn.ANY));
  }

  @Test
  void anIncompleteProofIsNoSuccessAndAnIncompleteBaselineIsSaid() throws Exception {
    Report now = Reports.of(false, proven("Leak", 3));
    Report then = Reports.of(true, proven("Leak", 3));
    assertEquals(ExitCode.INCOMPLETE, outcome(then, now, FailOn.ANY));
    var said = new Commands();
    baseline(then).caution(said.terminal());
    assertEquals("", said.err());
    baseline(Reports.incomplete()).caution(said.terminal());
    assertTrue(said.err().contains("what is new may not be new"), said.err());
  }
}
