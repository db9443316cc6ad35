package dev.selvage.verification;

import dev.selvage.verification.controls.Control;
import dev.selvage.verification.controls.Held;
import dev.selvage.verification.controls.Input;
import dev.selvage.verification.controls.Monitors;
import dev.selvage.verification.controls.Timed;
import dev.selvage.verification.controls.Traps;
import dev.selvage.verification.controls.Waiters;
import java.util.List;

/**
 * Starts all controls in this JVM. {@code arm} lets the next collection wake those that one wakes;
 * {@code wake} wakes the others and answers {@code all ended}, or names those that did not.
 */
public final class Controls {
  private static final List<Control> ALL =
      List.of(
          new Held.ByStatics(),
          new Held.ByInterrupters(),
          new Held.ByPlatformThreads(),
          new Held.ByReferences(),
          new Held.ByHook(),
          new Held.ByPool(),
          new Held.Pinned(),
          new Timed(),
          new Input(),
          new Monitors(),
          new Traps());

  private Controls() {}

  public static void main(String[] args) throws Exception {
    for (Control control : ALL) {
      control.start();
    }
    Thread.sleep(500);
    Child.serve(
        command -> {
          switch (command) {
            case "arm" -> {
              Traps.arm();
              Child.say("armed");
            }
            case "wake" -> Child.say(wake());
            default -> throw new IllegalArgumentException(command);
          }
        });
  }

  private static String wake() throws Exception {
    for (Control control : ALL) {
      control.wake();
    }
    long end = System.nanoTime() + 60_000_000_000L;
    while (!Waiters.waiting().isEmpty() && System.nanoTime() < end) {
      Thread.sleep(50);
    }
    var waiting = Waiters.waiting();
    return waiting.isEmpty() ? "all ended" : "stuck: " + waiting;
  }
}
