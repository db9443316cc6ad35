package dev.selvage.diagnostics.prover;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Who holds a blocked thread that could not be proven. Answers only where a search was set up,
 * which needs the agent.
 */
public final class Holders {
  private static final int MAX_THREADS = 20;

  private static volatile Function<Collection<Thread>, Map<Thread, List<String>>> search =
      _ -> Map.of();

  private Holders() {}

  /** Sets the search; it returns for each thread that it found the path from a root to it. */
  public static void use(Function<Collection<Thread>, Map<Thread, List<String>>> search) {
    Holders.search = search;
  }

  /** The distinct paths that lead to these threads, as text. */
  static List<String> of(List<Thread> threads) {
    List<Thread> some = new ArrayList<>(threads.subList(0, Math.min(MAX_THREADS, threads.size())));
    List<String> paths = new ArrayList<>();
    for (List<String> path : search.apply(some).values()) {
      String text = String.join(" -> ", path);
      if (!paths.contains(text)) {
        paths.add(text);
      }
    }
    return paths;
  }
}
