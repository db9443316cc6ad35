package dev.selvage.diagnostics;

import java.util.List;

/**
 * Looks at something that may grow. One thread at a time calls it: {@link #sample} every now and
 * then, {@link #suspects} when a report is made. Neither blocks, and neither runs code of the
 * program that is watched.
 */
public interface Watch {

  /**
   * Takes one more sample. Costs as little as it can; failures of single things that are watched
   * are skipped and counted.
   */
  void sample();

  /** What has grown since the first sample, worst first. Empty with fewer than two samples. */
  List<Finding.Suspected> suspects();

  /** All that it watches and how that went, in no order. */
  default List<Growth> growth() {
    return List.of();
  }
}
