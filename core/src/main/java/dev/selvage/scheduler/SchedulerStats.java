package dev.selvage.scheduler;

import java.util.List;

/**
 * What a scheduler did and does. The parts are read one after the other while it works, so sums are
 * right only when it rests.
 *
 * @param gomaxprocs how many goroutines run at the same time at most
 * @param idle Ps that have nothing to do
 * @param spinning Ms that look for work
 * @param threads all Ms
 * @param spare Ms without a P, which wait to take over from one that is stuck
 * @param queued goroutines in the global queue
 * @param handOffs how often a P was taken from an M whose goroutine did not come back while others
 *     waited
 * @param processors each P
 * @param retired what was counted by Ps that are not in place any more
 */
public record SchedulerStats(
    int gomaxprocs,
    int idle,
    int spinning,
    int threads,
    int spare,
    int queued,
    HandOffs handOffs,
    List<Processor> processors,
    Counts retired) {

  /**
   * How often a P was taken away, by what its goroutine did.
   *
   * @param computing it computed
   * @param blocked it held its carrier while it waited: it was pinned
   * @param inNative it was in native code, reading a file for instance
   * @param refused it could not be taken away: there are as many Ms as there may be
   */
  public record HandOffs(long computing, long blocked, long inNative, long refused) {
    /** How often one was taken away. */
    public long total() {
      return computing + blocked + inNative;
    }
  }

  /**
   * One P.
   *
   * @param id its number
   * @param idle whether it has nothing to do
   * @param queued goroutines in its queue
   * @param counts what it did since it took its place
   */
  public record Processor(int id, boolean idle, int queued, Counts counts) {}

  /**
   * What was counted.
   *
   * @param ticks how often a goroutine was run
   * @param steals how often work was taken from another P
   * @param stolen goroutines taken so
   * @param fromGlobal goroutines taken from the global queue
   * @param overflows how often the queue was full, and half of it went to the global queue
   * @param wakes how often another M was woken for a goroutine that was to run next
   * @param wokenInVain how often that M came too late
   * @param takenAway how often the P was taken from an M whose goroutine did not come back while
   *     others waited; unlike the others this stays with the number of the P
   */
  public record Counts(
      long ticks,
      long steals,
      long stolen,
      long fromGlobal,
      long overflows,
      long wakes,
      long wokenInVain,
      long takenAway) {}

  /** Makes it immutable. */
  public SchedulerStats {
    processors = List.copyOf(processors);
  }
}
