package dev.selvage.internal.gmp;

import dev.selvage.internal.Roster;
import java.util.AbstractSet;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * All goroutines, for the dumps of the JDK, which takes this for a set to which it adds each that
 * starts. But it holds none: those that have ever waited are in the {@link Roster}, which holds
 * them weakly, and the others are queued or running.
 *
 * <p>The prover knows it by the name of this class, and needs not take threads out of it.
 */
public final class Listed extends AbstractSet<Thread> {
  @Override
  public boolean add(Thread thread) {
    return true;
  }

  @Override
  public boolean remove(@Nullable Object thread) {
    return true;
  }

  @Override
  public boolean contains(@Nullable Object thread) {
    return thread instanceof Thread t && Roster.member(t) != null;
  }

  @Override
  public Iterator<Thread> iterator() {
    return all().iterator();
  }

  @Override
  public int size() {
    return all().size();
  }

  private static Set<Thread> all() {
    Set<Thread> threads = Collections.newSetFromMap(new IdentityHashMap<>());
    // The running first: one that waits meanwhile is in the roster when that is asked.
    Runner.forEachRunnable(
        thread -> {
          if (Roster.member(thread) != null) {
            threads.add(thread);
          }
        });
    threads.addAll(Roster.threads());
    return threads;
  }
}
