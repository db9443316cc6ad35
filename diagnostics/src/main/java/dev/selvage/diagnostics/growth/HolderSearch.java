package dev.selvage.diagnostics.growth;

import dev.selvage.diagnostics.Frames;
import dev.selvage.diagnostics.growth.Shapes.Slot;
import dev.selvage.diagnostics.jdk.FieldReader;
import dev.selvage.diagnostics.jdk.UnsafeFieldReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Says who holds a thread: the nearest way to it from a static field or from a platform thread.
 * Static functions; any thread may call them, one after the other.
 */
public final class HolderSearch {
  /*
   * One walk over the object graph, nearest objects first, for all threads at once. Each object
   * that is met has a number, the number of the one it was met from and the field (null for an
   * element of an array); the way to a thread is read from these backwards. All of it is local:
   * when find returns nothing is held any more.
   *
   * Not followed, since they say nothing about the program: weak references, the sets in which the
   * JDK itself lists threads, the queues in which threads wait or are queued to run, Selvage's own
   * objects, what a Thread holds as such, and other virtual threads.
   */
  private static final int MOST_OBJECTS = 300_000;
  private static final long LONGEST_NANOS = 400_000_000;

  /** Packages whose static fields are the JVM's own business. */
  private static final List<String> INTERNAL =
      List.of("java.lang.", "jdk.", "sun.", "com.sun.", "java.time.", "java.text.", "java.math.");

  /** Fields in which the JDK lists threads. */
  private static final Set<String> THREAD_LISTS =
      Set.of(
          "java.util.concurrent.ThreadPerTaskExecutor.threads",
          "jdk.internal.vm.SharedThreadContainer.virtualThreads",
          "jdk.internal.misc.ThreadFlock.threads");

  /** Fields by which the queue of a lock, latch or future refers to a thread that waits in it. */
  private static final Set<String> WAITERS =
      Set.of("waiter", "thread", "parked", "exclusiveOwnerThread");

  /** Fields of a platform thread by which it holds what it works on. */
  private static final Set<String> THREAD_FIELDS =
      Set.of("holder", "threadLocals", "inheritableThreadLocals");

  private HolderSearch() {}

  /**
   * Looks for holders of these threads, for at most some hundred milliseconds.
   *
   * @param wanted up to a few dozen threads
   * @return for each thread that was found the fields that lead to it, as {@code
   *     com.acme.Server.connections}, {@code com.acme.Connection.thread}; what lies within maps and
   *     collections of the JDK is left out. Threads that were not found are missing: that does not
   *     say that nothing holds them.
   */
  public static Map<Thread, List<String>> find(
      Collection<Thread> wanted, Supplier<Class<?>[]> loadedClasses) {
    FieldReader reader = UnsafeFieldReader.create();
    return new Walk(wanted, reader).run(loadedClasses.get());
  }

  private static final class Walk {
    private final Shapes shapes;
    private final FieldReader reader;
    private final IdentityHashMap<Thread, List<String>> found = new IdentityHashMap<>();
    private final IdentityHashMap<Object, Boolean> seen = new IdentityHashMap<>(1 << 14);
    private final IdentityHashMap<Thread, Boolean> wanted = new IdentityHashMap<>();
    private final Budget budget = new Budget(LONGEST_NANOS);

    /** What was met, in that order; a class stands for its static fields. */
    private @Nullable Object[] objects = new @Nullable Object[1 << 14];

    private int[] from = new int[1 << 14];
    private @Nullable Slot[] by = new @Nullable Slot[1 << 14];
    private int count;

    Walk(Collection<Thread> wanted, FieldReader reader) {
      this.reader = reader;
      this.shapes = new Shapes(reader);
      wanted.forEach(thread -> this.wanted.put(thread, true));
    }

    Map<Thread, List<String>> run(Class<?>[] classes) {
      for (Thread thread : JdkTimerGrowth.platformThreads()) {
        platform(thread);
      }
      // Asking classes for their fields takes the most time; some is left for the walk itself.
      Budget enough = new Budget(LONGEST_NANOS / 2);
      int asked = 0;
      for (boolean jdk : new boolean[] {false, true}) {
        for (Class<?> type : classes) {
          if ((++asked & 63) == 0 && enough.isSpent()) {
            break;
          }
          if (Names.isJdk(type) == jdk && !isInternal(type)) {
            statics(type);
          }
        }
      }
      for (int next = 0; next < count && !isDone(next); next++) {
        Object at = objects[next];
        if (at instanceof Object[] array) {
          for (Object element : array) {
            meet(element, next, null);
          }
        } else if (at != null) {
          for (Slot slot : shapes.of(at.getClass()).references()) {
            if (isFollowed(slot)) {
              meet(reader.reference(at, slot.offset()), next, slot);
            }
          }
        }
      }
      return new HashMap<>(found);
    }

    private boolean isDone(int next) {
      return found.size() == wanted.size()
          || count >= MOST_OBJECTS
          || ((next & 255) == 0 && budget.isSpent());
    }

    private static boolean isInternal(Class<?> type) {
      return INTERNAL.stream().anyMatch(type.getName()::startsWith);
    }

    private void statics(Class<?> type) {
      if (type.isArray()
          || type.isPrimitive()
          || Frames.isSelvage(type.getName())
          || !reader.isInitialized(type)) {
        return;
      }
      for (Slot slot : shapes.of(type).statics()) {
        if (isFollowed(slot)) {
          meet(reader.reference(type, slot.offset()), -1, slot);
        }
      }
    }

    private void platform(Thread thread) {
      if (wanted.containsKey(thread) || Frames.isSelvage(thread.getClass().getName())) {
        return;
      }
      for (Slot slot : shapes.of(thread.getClass()).references()) {
        if (!slot.declaring().equals("java.lang.Thread") || THREAD_FIELDS.contains(slot.name())) {
          meet(reader.reference(thread, slot.offset()), -1, slot);
        }
      }
    }

    private static boolean isFollowed(Slot slot) {
      return !slot.declaring().equals("java.lang.ref.Reference")
          && !slot.declaring().startsWith("java.lang.VirtualThread")
          && !(WAITERS.contains(slot.name())
              && slot.declaring().startsWith("java.util.concurrent."))
          && !THREAD_LISTS.contains(slot.toString());
    }

    private void meet(@Nullable Object value, int parent, @Nullable Slot slot) {
      if (value == null || isLeaf(value)) {
        return;
      }
      if (value instanceof Thread thread) {
        if (wanted.containsKey(thread)) {
          found.computeIfAbsent(thread, _ -> path(parent, slot));
        }
        return;
      }
      if (count >= MOST_OBJECTS || seen.put(value, true) != null) {
        return;
      }
      if (count == objects.length) {
        objects = Arrays.copyOf(objects, count * 2);
        from = Arrays.copyOf(from, count * 2);
        by = Arrays.copyOf(by, count * 2);
      }
      objects[count] = value;
      from[count] = parent;
      by[count] = slot;
      count++;
    }

    private static boolean isLeaf(Object value) {
      Class<?> type = value.getClass();
      if (type.isArray()) {
        return type.getComponentType().isPrimitive();
      }
      return value instanceof String
          || (value instanceof Number && Names.isJdk(type))
          || value instanceof Class
          || value instanceof ClassLoader
          || value instanceof Module
          || value instanceof ThreadGroup
          || Frames.isSelvage(type.getName());
    }

    private List<String> path(int parent, @Nullable Slot last) {
      List<Slot> slots = new ArrayList<>();
      if (last != null) {
        slots.add(last);
      }
      for (int at = parent; at >= 0; at = from[at]) {
        Slot slot = by[at];
        if (slot != null) {
          slots.addFirst(slot);
        }
      }
      List<String> told =
          slots.stream().filter(slot -> !isInside(slot)).map(Slot::toString).toList();
      return told.isEmpty() ? slots.stream().map(Slot::toString).toList() : told;
    }

    /** Whether the field is one of the JDK's that only hold together a map, a list or a thread. */
    private static boolean isInside(Slot slot) {
      return slot.declaring().startsWith("java.util.") || slot.declaring().startsWith("java.lang.");
    }
  }
}
