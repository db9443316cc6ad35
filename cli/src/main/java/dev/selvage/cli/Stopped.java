package dev.selvage.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Whether a process of this machine is stopped, by a signal or a debugger, and stays so: it answers
 * nothing, and nobody knows for how long. For one thread.
 */
final class Stopped {
  /** How long it may be: whoever stops it for a moment lets it go on. */
  static final Duration GRACE = Duration.ofSeconds(3);

  /** How often it is looked at. */
  static final Duration LOOK_EVERY = Duration.ofMillis(200);

  private final long pid;
  private boolean was;
  private long since;

  Stopped(long pid) {
    this.pid = pid;
  }

  /** Whether it was stopped at each look for longer than {@link #GRACE}. */
  boolean forLong() {
    if (!now(pid)) {
      was = false;
      return false;
    }
    if (!was) {
      was = true;
      since = System.nanoTime();
    }
    return System.nanoTime() - since >= GRACE.toNanos();
  }

  /** What the user is told then. */
  static String told(long pid) {
    return "is stopped, by a signal or a debugger, and answers nothing: kill -CONT "
        + pid
        + " lets it go on";
  }

  /** Whether it is stopped now; false where that cannot be known: only Linux tells it. */
  static boolean now(long pid) {
    try {
      String stat =
          Files.readString(
              Path.of("/proc", Long.toString(pid), "stat"), StandardCharsets.ISO_8859_1);
      // Behind the name, which may have anything in it: the state.
      int end = stat.lastIndexOf(") ");
      return end >= 0 && stat.length() > end + 2 && "Tt".indexOf(stat.charAt(end + 2)) >= 0;
    } catch (IOException _) {
      return false; // No Linux, or it has ended.
    }
  }
}
