package dev.selvage.verification.graphs;

import java.util.ArrayList;
import java.util.List;
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

  /** The first of those of which that cannot be told from outside: the seed, and who it is. */
  private final List<String> untold = new ArrayList<>();

  /** One that is reached in some states that look as what is seen does, and in others not. */
  void missInOneState(String which) {
    miss("what cannot be told from outside");
    if (untold.size() < 10) {
      untold.add(which);
    }
  }

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
        + refused
        + (untold.isEmpty() ? "" : "; cannot be told " + untold);
  }
}
