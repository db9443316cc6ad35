package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.selvage.verification.controls.Monitors;
import dev.selvage.verification.controls.Unusual;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Nothing is reported that can still be woken, and whatever was looked at then wakes. */
final class ControlsIT {
  @ParameterizedTest
  @ValueSource(strings = {"G1", "Parallel", "Serial"})
  void nothing_that_can_be_woken_is_reported_and_all_of_it_still_wakes(
      String collector, @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory)
      throws Exception {
    try (var target =
        Target.java()
            .collector(collector)
            .option(Unusual.ACCESS)
            .agent(directory, "leaks-after=2s,at-exit=true")
            .start(directory, Controls.class)) {
      target.await("ready");
      assertNothingProven(target.look());
      assertNothingProven(target.report());
      target.ask("arm", "armed");
      Look armed = target.look();
      assertNothingProven(armed);
      assertEquals(Monitors.WAITING, armed.unprovable("Object.wait"), "in Object.wait");
      assertEquals(Monitors.ENTERING, armed.unprovable("monitor enter"), "before a monitor");
      assertEquals("all ended", target.ask("wake", ""));
      assertNothingProven(target.look());
      assertEquals(0, target.end(), target.stderr());
      target.await("hook woke it");
      assertNothingProven(target.report());
      assertEquals("", target.stderr());
    }
  }

  private static void assertNothingProven(Look look) {
    look.assertSound();
    assertEquals(List.of(), look.certain());
  }
}
