package dev.selvage.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class FailOnTest {

  @Test
  void provenMeansWhatIsCertainAndStillSo() {
    assertTrue(FailOn.PROVEN.isIn(Reports.of(true, Reports.proven("a.B.c(B.java:1)"))));
    assertTrue(FailOn.PROVEN.isIn(Reports.of(true, Reports.deadlocked("a.B.c(B.java:1)"))));
    assertFalse(FailOn.PROVEN.isIn(Reports.of(true, Reports.suspected("a.B.c(B.java:1)"))));
    assertFalse(FailOn.PROVEN.isIn(Reports.of(true, Reports.refuted("a.B.c(B.java:1)"))));
  }

  @Test
  void anyMeansSuspicionsToo() {
    assertTrue(FailOn.ANY.isIn(Reports.of(true, Reports.suspected("a.B.c(B.java:1)"))));
    assertFalse(FailOn.ANY.isIn(Reports.healthy()));
  }

  @Test
  void findingsThatWereAskedForComeBeforeAnIncompleteProof() {
    var commands = new Commands();
    var both = Reports.of(false, Reports.proven("a.B.c(B.java:1)"));
    assertEquals(ExitCode.FINDINGS, Outcome.of(both, FailOn.PROVEN, null, commands.terminal()));
    assertEquals(ExitCode.INCOMPLETE, Outcome.of(both, null, null, commands.terminal()));
    assertEquals(
        ExitCode.INCOMPLETE,
        Outcome.of(Reports.incomplete(), FailOn.ANY, null, commands.terminal()));
    assertEquals(
        ExitCode.DONE, Outcome.of(Reports.healthy(), FailOn.ANY, null, commands.terminal()));
  }
}
