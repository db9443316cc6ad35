package dev.selvage.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

final class ExpectationsTest {
  private static final Expectations EXPECTED =
      Expectations.parse(
          "# scenario, class, mark\n1\tHandover\tLEAK 1\n4\tCache\n4\tcom.acme.Cache\n");

  @Test
  void aScenarioIsThereWhenAFindingIsInOneOfItsClasses() {
    var report =
        Reports.of(
            true,
            Reports.proven("dev.selvage.examples.leaks.Handover$1.lambda$a$0(Handover.java:1)"),
            Reports.suspected("x.Y.z(Y.java:1)"));
    assertEquals(List.of(), EXPECTED.missingIn(report));
  }

  @Test
  void aScenarioIsMissingWhenOnlyAClassOfALongerNameIsNamed() {
    var report =
        Reports.of(
            true, Reports.proven("dev.selvage.examples.leaks.HandoverFixed.send(Handover.java:1)"));
    assertEquals(List.of("1", "4"), EXPECTED.missingIn(report));
  }

  @Test
  void whatWasRefutedDoesNotCount() {
    var report =
        Reports.of(
            true, Reports.refuted("dev.selvage.examples.leaks.Handover.send(Handover.java:1)"));
    assertEquals(List.of("1", "4"), EXPECTED.missingIn(report));
  }
}
