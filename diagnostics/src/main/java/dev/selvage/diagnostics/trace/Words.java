package dev.selvage.diagnostics.trace;

import dev.selvage.observe.WaitReason;
import java.util.Set;

/** Why something waits, so that {@code go tool trace} knows which profile it belongs to. */
final class Words {
  static final String NETWORK = "network";
  static final String SLEEP = WaitReason.SLEEP.text();
  static final String TIMED = WaitReason.TIMED.text();

  private static final Set<String> NOT_SYNCHRONIZATION =
      Set.of("", NETWORK, SLEEP, TIMED, WaitReason.PARK.text());

  private Words() {}

  /**
   * The words of the {@link WaitReason}; before those of a wait for other threads that have none of
   * Go's words ({@code chan}, {@code select}, {@code sync}) stands {@code sync: }, since that is
   * how Go's tool knows them.
   */
  static String of(String reason) {
    if (reason.equals(WaitReason.IO.text())) {
      return NETWORK;
    }
    if (reason.isEmpty()) {
      return "unspecified";
    }
    boolean known = reason.contains("chan") || reason.contains("select") || reason.contains("sync");
    return known || NOT_SYNCHRONIZATION.contains(reason) ? reason : "sync: " + reason;
  }
}
