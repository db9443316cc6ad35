package dev.selvage.diagnostics.jdk;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The stacks of many threads, each distinct one once: however many threads there are, no more is in
 * memory than there are different stacks. Where the JVM lets their memory be read most threads cost
 * a few hundred reads and nothing else; otherwise each stack is walked by the JDK. Used by one
 * thread.
 */
public final class StackTable {
  /*
   * A stack that was walked is remembered with its signature (see ChunkMemory). Whoever has an equal
   * one has the same frames, as long as the thread that was walked stays where it is: that keeps the
   * code alive which the signature speaks of. It is asked once more after each batch; where it has
   * moved, the threads that were recognised by it are walked.
   *
   * Only a settled stack is remembered: there it is certain that the walk and the signature are of
   * the same moment, though the JDK is asked for the one and memory for the other.
   */

  private static final int BATCH = 4_096;
  private static final int MOST_KNOWN = 8_192;
  private static final int WALKED = -1;

  /** A stack that was walked. */
  private static final class Known {
    final ChunkMemory.Signature signature;
    final Thread thread;
    final int id;

    /** The last batch after which it was asked whether the thread is where it was. */
    int asked;

    Known(ChunkMemory.Signature signature, Thread thread, int id) {
      this.signature = signature;
      this.thread = thread;
      this.id = id;
    }
  }

  private final Jdk jdk;
  private final ChunkMemory.@Nullable Signature signature; // null where memory is not read
  private final Map<ChunkMemory.Signature, Integer> places = new HashMap<>(); // in known
  private final List<@Nullable Known> known = new ArrayList<>();
  private final int[] by = new int[BATCH];
  private final List<StackTraceElement[]> stacks = new ArrayList<>();
  private final Map<List<StackTraceElement>, Integer> ids = new HashMap<>();
  private int batches;
  private long walked;

  /**
   * Makes an empty one.
   *
   * @param recognise whether memory may be read, where it can
   */
  StackTable(Jdk jdk, boolean recognise) {
    this.jdk = jdk;
    this.signature = recognise && ChunkMemory.isReadable() ? new ChunkMemory.Signature() : null;
  }

  /**
   * Takes the stacks of those threads which some of the indices name.
   *
   * @param ids for each of these indices, at its place, what {@link #stack} has to be asked
   */
  public void take(Thread[] threads, int[] indices, int from, int to, int[] ids) {
    for (int begin = from; begin < to; begin += BATCH) {
      int end = Math.min(to, begin + BATCH);
      for (int i = begin; i < end; i++) {
        ids[i] = take(threads[indices[i]], i - begin);
      }
      batches++;
      for (int i = begin; i < end; i++) {
        int place = by[i - begin];
        if (place != WALKED && !stays(place)) {
          ids[i] = walk(threads[indices[i]]);
        }
      }
    }
  }

  /** A stack, leaf first; not to be changed. Empty for threads that had none. */
  public StackTraceElement[] stack(int id) {
    return stacks.get(id);
  }

  /** How many there are: ids are smaller. */
  public int size() {
    return stacks.size();
  }

  /** How many threads had to be walked by the JDK. */
  public long walked() {
    return walked;
  }

  /** The id of a stack that was taken elsewhere. */
  public int idOf(StackTraceElement[] stack) {
    return ids.computeIfAbsent(
        Arrays.asList(stack),
        _ -> {
          stacks.add(stack);
          return stacks.size() - 1;
        });
  }

  private int take(Thread thread, int slot) {
    by[slot] = WALKED;
    ChunkMemory.Signature signature = this.signature;
    if (signature == null || !ChunkMemory.read(thread, signature)) {
      return walk(thread);
    }
    Integer place = places.get(signature);
    if (place != null) {
      Known same = known.get(place);
      if (same != null) {
        by[slot] = place;
        return same.id;
      }
    }
    if (!signature.isSettled() || known.size() >= MOST_KNOWN) {
      return walk(thread);
    }
    ChunkMemory.Signature mine = signature.copy();
    int id = walk(thread);
    if (ChunkMemory.stays(thread, mine)) {
      places.put(mine, known.size());
      known.add(new Known(mine, thread, id));
    }
    return id;
  }

  private int walk(Thread thread) {
    walked++;
    return idOf(jdk.stack(thread));
  }

  /** Whether the thread that was walked is where it was; forgotten if not. */
  private boolean stays(int place) {
    Known same = known.get(place);
    if (same == null) {
      return false;
    }
    if (same.asked == batches || ChunkMemory.stays(same.thread, same.signature)) {
      same.asked = batches;
      return true;
    }
    places.remove(same.signature);
    known.set(place, null);
    return false;
  }
}
