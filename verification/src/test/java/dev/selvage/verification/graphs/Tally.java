package dev.selvage.verification.graphs;

import java.util.Map;
import java.util.TreeMap;

/** What has been run, and what came of it. */
final class Tally {
  int graphs;
  int members;
  int looks;
  long stuck;
  long proven;
  int refused;

  /** Members that are stuck and were not proven to be, by where something reaches them from. */
  final Map<String, Integer> missed = new TreeMap<>();

  void miss(String root) {
    missed.merge(root, 1, Integer::sum);
  }

  @Override
  public String toString() {
    return graphs
        + " graphs, "
        + members
        + " members, "
        + looks
        + " looks; stuck "
        + stuck
        + ", proven "
        + proven
        + ", reached from "
        + missed
        + "; too large to search "
        + refused;
  }
}
