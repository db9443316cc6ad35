package dev.selvage.diagnostics.prover;

import dev.selvage.diagnostics.jdk.Jdk;
import dev.selvage.diagnostics.jdk.Jdk.Activity;
import dev.selvage.diagnostics.jdk.Jdk.Container;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/**
 * Remembers the blocked threads of executors, pools and scopes from one observation to the next, so
 * that those which an ordinary collection takes away, with an executor that nobody uses any more,
 * are not gone without a trace. Guarded by the prover.
 */
final class Dropped {
  /*
   * Invariants.
   *  1. A thread that was collected in the middle of a park could never have run again: nothing
   *     reached it. That it did not just end is known from the latch which the JDK counts down then;
   *     after the latch was there the thread was seen parked, so it will not miss it.
   *  2. The reference is a phantom one. A look clears weak references to threads that it keeps; a
   *     phantom one is cleared only when the thread is gone.
   *  3. Nothing here keeps a thread, or what it refers to: the latch does not know its thread.
   *  4. Whoever is seen in another park is forgotten, and remembered anew with its new stack.
   */

  /** More are not remembered at a time. */
  private static final int MAX = 20_000;

  /** How many stacks are read at one observation: some milliseconds. */
  private static final int MAX_NEW = 200;

  private static final ReferenceQueue<Thread> NOBODY = new ReferenceQueue<>();

  /** One that is gone, with the stack of its last park. */
  record Gone(long id, Group.Key key, List<StackTraceElement> stack, String name, long since) {}

  private record Blocked(
      PhantomReference<Thread> thread,
      CountDownLatch ended,
      int park,
      String name,
      Group.Key key,
      List<StackTraceElement> stack) {}

  private final Jdk jdk;
  private final Map<Long, Blocked> blocked = new HashMap<>();
  private final Map<Group.Key, List<StackTraceElement>> stacks = new HashMap<>();
  private final List<Gone> gone = new ArrayList<>();
  private int added;

  Dropped(Jdk jdk) {
    this.jdk = jdk;
  }

  /** A thread is in the park in which the last observation saw it. */
  void stays(Container container, Thread thread, long id, int park) {
    if (container.kind() == Container.Kind.ROOT) {
      return; // the JDK's list holds it
    }
    Blocked known = blocked.get(id);
    if (known != null && known.park == park) {
      return;
    }
    blocked.remove(id);
    if (blocked.size() >= MAX || added >= MAX_NEW || Census.isOwnOrJdks(thread)) {
      return;
    }
    CountDownLatch ended = jdk.termination(thread);
    List<StackTraceElement> stack = List.of(jdk.stack(thread));
    if (!jdk.isParked(thread) || jdk.parkIdentity(thread) != park) {
      return;
    }
    added++;
    Group.Key key =
        Group.key(
            Waits.classify(Activity.PARKED, stack.toArray(StackTraceElement[]::new)), stack, null);
    blocked.put(
        id,
        new Blocked(
            new PhantomReference<>(thread, NOBODY),
            ended,
            park,
            thread.getName(),
            key,
            stacks.computeIfAbsent(key, _ -> stack)));
  }

  /** A thread runs, or is in another park than before. */
  void moves(long id) {
    blocked.remove(id);
  }

  /**
   * Finds out, at the end of an observation, who is gone.
   *
   * @param observations since when they were in their parks, from before this observation
   */
  void settle(Observations observations) {
    added = 0;
    for (Iterator<Map.Entry<Long, Blocked>> i = blocked.entrySet().iterator(); i.hasNext(); ) {
      Map.Entry<Long, Blocked> entry = i.next();
      Blocked each = entry.getValue();
      if (each.thread.refersTo(null)) {
        if (each.ended.getCount() > 0) {
          gone.add(
              new Gone(
                  entry.getKey(),
                  each.key,
                  each.stack,
                  each.name,
                  observations.since(entry.getKey())));
        }
        i.remove();
      }
    }
    if (blocked.isEmpty()) {
      stacks.clear();
    }
  }

  /** Those that are gone since this was asked last. */
  List<Gone> takeGone() {
    List<Gone> all = List.copyOf(gone);
    gone.clear();
    return all;
  }
}
