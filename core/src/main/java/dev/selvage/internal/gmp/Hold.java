package dev.selvage.internal.gmp;

/** A time for which a scheduler begins no task. It ends by itself. */
final class Hold {
  /** When it ends, by {@link System#nanoTime()}, if nobody has ended it before. */
  final long until;

  Hold(long until) {
    this.until = until;
  }

  boolean isOver(long now) {
    return now - until >= 0;
  }
}
