package dev.selvage.verification.graphs;

import dev.selvage.verification.graphs.Batch.Flaw;
import dev.selvage.verification.graphs.Model.TooLarge;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Runs graphs of random seeds, and prints {@code sound} and what was counted, or {@code unsound}
 * and the smallest graph that shows it. Arguments: the first seed, how many batches of {@link
 * #GRAPHS_A_BATCH}, and a {@link Flaw}.
 */
public final class GraphsProgram {
  /** How many run at a time. */
  static final int GRAPHS_A_BATCH = 200;

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** Of what is known to go wrong, and of what is wrong on purpose. */
  private static final Duration IMPATIENCE = Duration.ofMillis(500);

  private GraphsProgram() {}

  public static void main(String[] args) throws Exception {
    long seed = Long.parseLong(args[0]);
    int batches = Integer.parseInt(args[1]);
    Flaw flaw = Flaw.valueOf(args[2]);
    var tally = new Tally();
    Map<Graph, String> wrong = Map.of();
    for (int i = 0; i < batches && wrong.isEmpty(); i++) {
      var graphs = new ArrayList<Graph>();
      for (; graphs.size() < GRAPHS_A_BATCH; seed++) {
        Graph graph = Generator.make(seed);
        if (isSmall(graph)) {
          graphs.add(graph);
        } else {
          tally.refused++;
        }
      }
      wrong = Batch.run(graphs, flaw, flaw == Flaw.NONE ? PATIENCE : IMPATIENCE, tally);
      System.out.println("batch " + i + ", seeds below " + seed);
    }
    if (wrong.isEmpty()) {
      System.out.println("sound: " + tally);
      return;
    }
    System.out.println("unsound: " + wrong.size() + " graphs; the first, and the smallest like it");
    var first = wrong.entrySet().iterator().next();
    System.out.println(first.getValue() + "\n" + first.getKey());
    shrink(first.getKey(), first.getValue(), flaw);
    System.out.println("end");
  }

  /** Whether all its orders can be searched, to the end. */
  static boolean isSmall(Graph graph) {
    var model = new Model(graph);
    try {
      var still = model.settle(Set.of(model.initial()), false);
      var told = model.settle(still, true);
      var unused = model.settle(told.stream().map(model::withExecutorsInterrupted).toList(), true);
      return true;
    } catch (TooLarge e) {
      return false;
    }
  }

  /** Leaves out what may be left out: all candidates run at a time, until none fails any more. */
  private static void shrink(Graph graph, String wrong, Flaw flaw) throws Exception {
    Graph smallest = graph;
    String its = wrong;
    while (true) {
      List<Graph> candidates =
          Smaller.of(smallest).stream().filter(GraphsProgram::isSmall).limit(200).toList();
      Map<Graph, String> failing = Batch.run(candidates, flaw, IMPATIENCE, new Tally());
      if (failing.isEmpty()) {
        break;
      }
      var next = failing.entrySet().iterator().next();
      smallest = next.getKey();
      its = next.getValue();
    }
    System.out.println("smallest: " + its + "\n" + smallest);
  }
}
