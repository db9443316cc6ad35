package dev.selvage.observe;

import dev.selvage.internal.Roster;
import java.util.stream.Stream;

/** The goroutines of this JVM, as far as they can be found without looking into the JDK. */
public final class Goroutines {
  private Goroutines() {}

  /**
   * The goroutines that have waited at least once in an operation of Selvage, or were asked who
   * they are, and have not ended; and other virtual threads while they wait in one. So one that
   * only computes, or has only waited elsewhere, is not there: starting a goroutine costs nothing
   * for this list. The agent lists all.
   *
   * <p>Each is described as it is when the stream comes to it. The stream holds a part of the
   * threads at a time, and none after its end: use it at once. What it yields holds no thread.
   * Thread-safe; does not block.
   */
  public static Stream<GoroutineInfo> all() {
    return Roster.threads().filter(Thread::isAlive).map(GoroutineInfo::of);
  }
}
