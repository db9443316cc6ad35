package dev.selvage.verification.graphs;

import dev.selvage.verification.graphs.Graph.Member;
import dev.selvage.verification.graphs.Graph.Step;
import java.util.ArrayList;
import java.util.List;

/** Graphs that have a little less than another, those first that have the least. */
final class Smaller {
  private Smaller() {}

  static List<Graph> of(Graph graph) {
    var smaller = new ArrayList<Graph>();
    for (int m = 0; m < graph.members().size(); m++) {
      Member member = graph.members().get(m);
      // A member without steps ends at once: numbers stay as they are.
      if (!member.steps().isEmpty()) {
        smaller.add(with(graph, m, new Member(member.start(), 0, List.of())));
      }
    }
    for (int m = 0; m < graph.members().size(); m++) {
      Member member = graph.members().get(m);
      for (int i = 0; i < member.steps().size(); i++) {
        var steps = new ArrayList<Step>(member.steps());
        steps.remove(i);
        smaller.add(with(graph, m, new Member(member.start(), member.holds(), steps)));
      }
    }
    for (int i = 0; i < graph.size(); i++) {
      long bit = 1L << i;
      if ((graph.statics() & bit) != 0) {
        smaller.add(
            new Graph(graph.seed(), graph.things(), graph.members(), graph.statics() & ~bit));
      }
      for (int m = 0; m < graph.members().size(); m++) {
        Member member = graph.members().get(m);
        if ((member.holds() & bit) != 0) {
          smaller.add(
              with(graph, m, new Member(member.start(), member.holds() & ~bit, member.steps())));
        }
      }
    }
    return smaller;
  }

  private static Graph with(Graph graph, int index, Member member) {
    var members = new ArrayList<Member>(graph.members());
    members.set(index, member);
    return new Graph(graph.seed(), graph.things(), members, graph.statics());
  }
}
