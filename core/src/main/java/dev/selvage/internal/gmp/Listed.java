package dev.selvage.internal.gmp;

import dev.selvage.internal.Roster;
import dev.selvage.internal.jdk.VirtualThreads;
import java.util.AbstractSet;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * All goroutines, for the dumps of the JDK and for the prover. The JDK takes this for a set to
 * which it adds a thread that starts, and from which it removes one that has ended.
 *
 * <p>Those that have ever blocked are held, as the JDK holds the threads that are started directly:
 * a leak must not vanish before somebody has seen it. The prover takes them out while it asks the
 * collector. With {@code -Djdk.trackAllThreads=false} they are held by what can wake them only.
 */
final class Listed extends AbstractSet<Thread> {
  /*
   * Most goroutines of many programs never block, so entering is left to whoever ran one that did:
   * what never blocked is in a queue, or runs, and is found there. A thread is in `blocked` from its
   * first block to its end.
   *
   *    who ran it                           who runs it to its end
   *    1 marks it                           a its state says that it has ended
   *    2 adds it (a full fence)             b is it marked?
   *    3 has it ended? then removes it        then removes it
   *
   * If b comes before 1, then a before 3.
   */
  static final Listed ALL = new Listed();

  private static final VirtualThreads JDK = VirtualThreads.ofThisJvm();
  private static final boolean HOLDS = holds();

  private final Set<Thread> blocked = ConcurrentHashMap.newKeySet();

  private Listed() {}

  private static boolean holds() {
    String track = System.getProperty("jdk.trackAllThreads");
    return track == null || track.isEmpty() || Boolean.parseBoolean(track);
  }

  /** Enters a goroutine that has just run, and blocked, for the first time. */
  void enter(Thread thread, Roster.Member member) {
    if (HOLDS) {
      member.setListed();
      blocked.add(thread);
      if (!thread.isAlive()) {
        blocked.remove(thread);
      }
    } else {
      member.enter(thread);
      member.setListed();
    }
  }

  /** By the JDK when a thread starts, which does nothing, and by the prover when it gives back. */
  @Override
  public boolean add(Thread thread) {
    return JDK.isNew(thread) || blocked.add(thread);
  }

  @Override
  public boolean remove(@Nullable Object o) {
    if (!(o instanceof Thread thread)) {
      return false;
    }
    Roster.Member member = JDK.handler(thread) instanceof Roster.Member routine ? routine : null;
    return (member != null && !member.isListed()) || !HOLDS || blocked.remove(thread);
  }

  @Override
  public boolean contains(@Nullable Object o) {
    return o instanceof Thread thread && (blocked.contains(thread) || all().contains(thread));
  }

  @Override
  public Iterator<Thread> iterator() {
    return all().iterator();
  }

  @Override
  public int size() {
    return all().size();
  }

  private Set<Thread> all() {
    Set<Thread> threads = Collections.newSetFromMap(new IdentityHashMap<>());
    // The running first: one that blocks meanwhile is entered when the others are asked.
    Runner.forEachRunnable(
        thread -> {
          if (Roster.member(thread) != null) {
            threads.add(thread);
          }
        });
    (HOLDS ? blocked.stream() : Roster.threads()).forEach(threads::add);
    return threads;
  }
}
