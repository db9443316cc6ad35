package dev.selvage.diagnostics.heap;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Which leaked threads lead to what another leaked thread waits on: they could wake it if they were
 * not stuck themselves. For one thread, once.
 *
 * <p>Memory: some 70 MB at most.
 */
final class Reachers {
  /*
   * A search in breadth from the stacks of all leaked threads at once. At each object it keeps the
   * nearest threads that lead there, one of each pile, and goes on from there for each of them. It
   * stays among what is not live: no live object leads to what a leaked thread waits on.
   *
   * It begins with so many threads only, may end early, and keeps a few threads for each object. So
   * whoever is told does lead there, but not everybody is told.
   */
  private static final int NEAREST = 6;
  private static final int MAX_STEPS = 1 << 20;

  /** From about how many threads it begins at most. */
  private static final int MAX_THREADS = 100_000;

  private static final int MAX_OF_PILE = 10_000;

  private static final String WAITER = "dev/selvage/internal/Waiter";

  private final HeapGraph graph;
  private final Liveness liveness;
  private final Map<HeapThread, Integer> pileOf = new HashMap<>();
  private final List<HeapThread> threads = new ArrayList<>();
  private final LongIntMap slots = new LongIntMap();
  private final IntList nearest = new IntList(); // threads, NEAREST for each slot; -1 for none
  private final IntList objects = new IntList();
  private final IntList by = new IntList();

  Reachers(HeapGraph graph, Liveness liveness) {
    this.graph = graph;
    this.liveness = liveness;
  }

  /** For one thread of each pile of which that is known: the nearest others, one of each pile. */
  Map<HeapThread, List<HeapThread>> of(List<List<HeapThread>> piles) {
    for (int i = 0; i < piles.size(); i++) {
      int room = Math.max(Liveness.MAX_ASKED, Math.min(MAX_OF_PILE, MAX_THREADS - threads.size()));
      for (HeapThread thread : some(piles.get(i), room)) {
        pileOf.put(thread, i);
        threads.add(thread);
      }
    }
    for (int i = 0; i < threads.size(); i++) {
      int thread = i;
      liveness.forEachOwn(threads.get(i), object -> add(object, thread));
    }
    for (int i = 0; i < objects.size(); i++) {
      int object = objects.get(i);
      for (int e = graph.firstEdge[object]; e < graph.firstEdge[object + 1]; e++) {
        add(graph.edges.get(e), by.get(i));
      }
    }
    Map<HeapThread, List<HeapThread>> reachers = new LinkedHashMap<>();
    for (List<HeapThread> pile : piles) {
      for (HeapThread thread : some(pile, Liveness.MAX_ASKED)) {
        List<HeapThread> others = others(thread);
        if (!others.isEmpty()) {
          reachers.put(thread, others);
          break;
        }
      }
    }
    return reachers;
  }

  private static List<HeapThread> some(List<HeapThread> pile, int most) {
    return pile.subList(0, Math.min(most, pile.size()));
  }

  private void add(int object, int thread) {
    if (liveness.isLive(object) || objects.size() == MAX_STEPS) {
      return;
    }
    int slot = slots.get(object);
    if (slot < 0) {
      slot = nearest.size();
      slots.put(object, slot);
      for (int i = 0; i < NEAREST; i++) {
        nearest.add(-1);
      }
    }
    int pile = pile(threads.get(thread));
    for (int i = slot; i < slot + NEAREST; i++) {
      int other = nearest.get(i);
      if (other < 0) {
        nearest.set(i, thread);
        objects.add(object);
        by.add(thread);
        return;
      }
      if (pile(threads.get(other)) == pile) {
        return;
      }
    }
  }

  private int pile(HeapThread thread) {
    return Objects.requireNonNull(pileOf.get(thread));
  }

  /** Those of other piles that lead there, without those that wait for the same. */
  private List<HeapThread> others(HeapThread thread) {
    List<HeapThread> others = new ArrayList<>();
    int[] things = things(thread);
    // Who waits for the same lock of the program's leads to this thread by the lock's queue.
    for (int object : liveness.wakersOf(thread)) {
      int slot = slots.get(object);
      for (int i = slot; slot >= 0 && i < slot + NEAREST && nearest.get(i) >= 0; i++) {
        HeapThread other = threads.get(nearest.get(i));
        boolean same = Arrays.stream(things(other)).anyMatch(t -> contains(things, t));
        if (pile(other) != pile(thread) && !same && !others.contains(other)) {
          others.add(other);
        }
      }
    }
    return others;
  }

  private static boolean contains(int[] numbers, int number) {
    return Arrays.stream(numbers).anyMatch(n -> n == number);
  }

  /** What a thread waits on; of a wait of Selvage's, which has a waiter of its own, the object. */
  private int[] things(HeapThread thread) {
    int[] known = liveness.waitsOn(thread);
    return Arrays.stream(known.length > 0 ? known : liveness.wakersOf(thread))
        .flatMap(
            object ->
                graph.internalName(object).equals(WAITER)
                    ? Arrays.stream(edges(object)).filter(this::isThing)
                    : Arrays.stream(new int[] {object}))
        .toArray();
  }

  private int[] edges(int object) {
    int[] edges = new int[graph.firstEdge[object + 1] - graph.firstEdge[object]];
    for (int i = 0; i < edges.length; i++) {
      edges[i] = graph.edges.get(graph.firstEdge[object] + i);
    }
    return edges;
  }

  private boolean isThing(int object) {
    return !liveness.isLive(object) && !graph.isVirtualThread.get(object);
  }
}
