package dev.selvage.internal.gmp;

import java.util.concurrent.Executor;

/** What a scheduler stands on: threads, time, and somebody to hand over to; or a simulation. */
interface Ground {
  /**
   * Gives an M, which has its P, a thread.
   *
   * @return false when there can be no thread now
   */
  boolean start(Machine machine);

  /** Ends the M's wait for work, the present one or the next. */
  void unpark(Machine machine);

  /**
   * Lets some ten microseconds pass, and others use the core: long enough for a P to take what it
   * was about to take.
   */
  void pause();

  /** Wakes sysmon if it sleeps for longer than that: it has to look more often. */
  void watch();

  /** Wakes sysmon if it has gone to sleep since nothing ran: an M goes back to work by itself. */
  void rouse();

  /** Who runs tasks once the scheduler is closed. */
  Executor heir();
}
