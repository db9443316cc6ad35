package dev.selvage.diagnostics.growth;

import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Frames;
import dev.selvage.diagnostics.Growth;
import dev.selvage.diagnostics.Watch;
import dev.selvage.diagnostics.growth.Shapes.Slot;
import dev.selvage.diagnostics.jdk.FieldReader;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Suspects maps and collections that only grow, and are reached from static fields of the program's
 * classes, or that the threads of a pool keep in thread-local variables; and queues that other
 * platform threads take from. One thread at a time. A sample reads memory only: it calls no method
 * of the program, initialises none of its classes and keeps none of its objects or loaders alive.
 */
final class StaticGrowth implements Watch {
  /*
   * A container is followed by its place, the owner and the field that holds it, not by itself, so
   * that a map which is replaced by a larger copy at each put grows like any other. An element of
   * another container has no such place and is followed by itself (no slot).
   *
   * Each sample first reads all places that are known, then walks from the static fields to find
   * more: first what they hold themselves, then deeper, for a group of them at a time with nearest
   * objects first. Both walks have a budget; where one ended for lack of it the next one begins.
   * Owners are held weakly; everything else that is kept is names, offsets and numbers.
   *
   * What a thread-local variable has is followed in the threads of pools only, and suspected only
   * when the thread has done other tasks meanwhile: one task may collect for as long as it takes. A
   * variable is known by the static field that has it. Of what a platform thread was given to run
   * only queues are followed that are made to hand over between threads, for the same reason.
   */
  private static final int DEEPEST = 5;
  private static final int MOST_PLACES = 4_000;
  private static final int MOST_OBJECTS = 20_000;
  private static final int MOST_ELEMENTS = 256;
  private static final int MOST_SUSPECTS = 20;
  private static final int LEAST_GROWTH = 32;
  private static final int GROUP = 64;
  private static final int MOST_OBJECTS_A_GROUP = 2_000;
  private static final long FIRST_CLASSES_NANOS = 300_000_000;
  private static final long FIRST_WALK_NANOS = 200_000_000;
  private static final long CLASSES_NANOS = 15_000_000;
  private static final long SHALLOW_NANOS = 1_500_000;
  private static final long DEEP_NANOS = 2_500_000;
  private static final long THREADS_NANOS = 1_000_000;
  private static final int DEEPEST_LOCAL = 2;
  private static final int DEEPEST_TARGET = 2;
  private static final int MOST_LOCALS = 2_000;
  private static final double LEAST_QUEUE_SECONDS = 5;

  private final Supplier<Class<?>[]> loadedClasses;
  private final LongSupplier nanos;
  private final Shapes shapes;
  private final Containers containers;
  private final Roots roots;
  private final Workers workers;
  private final List<Local> locals = new ArrayList<>();
  private final Map<Object, Place> places = new HashMap<>();
  private final ReferenceQueue<Object> gone = new ReferenceQueue<>();
  private final Probe probe = new Probe();
  private int samples;
  private int nextShallow;
  private int nextDeep;
  private int nextThread;
  private long failures;

  StaticGrowth(Supplier<Class<?>[]> loadedClasses, FieldReader reader, LongSupplier nanos) {
    this.loadedClasses = loadedClasses;
    this.nanos = nanos;
    this.shapes = new Shapes(reader);
    this.containers = new Containers(shapes);
    this.roots = new Roots(shapes);
    this.workers = new Workers(shapes);
  }

  /** A thread-local variable, and the static field that has it. */
  private static final class Local extends WeakReference<Object> {
    final Slot slot;

    Local(Object local, Slot slot) {
      super(local);
      this.slot = slot;
    }
  }

  /**
   * The thread of a pool, as far as one that is followed is its own.
   *
   * @param thread whose; held weakly
   * @param tasks how many tasks it had done when it was first seen
   */
  private record Owner(WeakReference<Thread> thread, long tasks) {}

  /** A place that is followed, with what is known of it. Its own key in the table of places. */
  private static final class Place extends WeakReference<Object> {
    final int hash;
    final long offset;
    final @Nullable Slot slot;
    final Path path;
    final boolean forgets;
    final long limit;
    final @Nullable Owner of;
    boolean ofTarget;
    final Curve curve = new Curve();

    Place(
        Object owner,
        @Nullable Slot slot,
        Path path,
        boolean forgets,
        long limit,
        @Nullable Owner of,
        ReferenceQueue<Object> queue) {
      super(owner, queue);
      this.slot = slot;
      this.offset = slot == null ? -1 : slot.offset();
      this.hash = hash(owner, offset);
      this.path = path;
      this.forgets = forgets;
      this.limit = limit;
      this.of = of;
    }

    static int hash(Object owner, long offset) {
      return System.identityHashCode(owner) * 31 + Long.hashCode(offset);
    }

    @Override
    public int hashCode() {
      return hash;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return this == other;
    }
  }

  /** Looks a place up without making one. */
  private static final class Probe {
    @Nullable Object owner;
    long offset;

    @Override
    public int hashCode() {
      return owner == null ? 0 : Place.hash(owner, offset);
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Place place
          && place.offset == offset
          && owner != null
          && place.refersTo(owner);
    }
  }

  private record Step(Object object, Path path, int depth, boolean forgets) {}

  /** How many samples failed as a whole. */
  long failures() {
    return failures;
  }

  /** How many containers are followed. */
  int followed() {
    return places.size();
  }

  @Override
  public void sample() {
    try {
      forgetDead();
      long now = nanos.getAsLong();
      for (Place place : places.values()) {
        read(place, now);
      }
      new Walk(now).run();
      samples++;
    } catch (RuntimeException | LinkageError | StackOverflowError e) {
      // The program goes on changing while it is read; the next sample sees it afresh.
      failures++;
    }
  }

  private void forgetDead() {
    for (Reference<?> dead = gone.poll(); dead != null; dead = gone.poll()) {
      places.remove(dead);
    }
  }

  private void read(Place place, long now) {
    Object container = container(place);
    long size = container == null ? -1 : containers.size(container);
    if (size >= 0) {
      place.curve.add(now, size);
    }
  }

  private @Nullable Object container(Place place) {
    Object owner = place.get();
    return owner == null || place.slot == null
        ? owner
        : shapes.reader().reference(owner, place.slot.offset());
  }

  /** One walk from the static fields. */
  private final class Walk {
    private final long now;
    private final Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>(4096));
    private final ArrayDeque<Step> open = new ArrayDeque<>();
    private @Nullable Owner of;
    private boolean ofTarget;
    private int steps;

    Walk(long now) {
      this.now = now;
    }

    void run() {
      boolean first = samples == 0;
      roots.update(loadedClasses.get(), new Budget(first ? FIRST_CLASSES_NANOS : CLASSES_NANOS));
      List<Roots.Root> all = roots.told();
      if (!all.isEmpty()) {
        // What static fields hold themselves is looked at before anything deeper.
        nextShallow = go(all, nextShallow, 0, new Budget(first ? FIRST_WALK_NANOS : SHALLOW_NANOS));
        seen.clear();
        nextDeep = go(all, nextDeep, DEEPEST, new Budget(first ? FIRST_WALK_NANOS : DEEP_NANOS));
      }
      seen.clear();
      threads(new Budget(first ? FIRST_WALK_NANOS : THREADS_NANOS));
    }

    // ---------------------------------------------------------------- from threads

    private void threads(Budget budget) {
      IdentityHashMap<Object, Local> known = Followed.byReferent(locals);
      List<Thread> threads = JdkTimerGrowth.platformThreads();
      for (int i = 0; i < threads.size() && !budget.isSpent(); i++) {
        Thread thread = threads.get((nextThread + i) % threads.size());
        if (Frames.isSelvage(thread.getClass().getName())) {
          continue;
        }
        long tasks = workers.tasksDone(thread);
        if (tasks >= 0) {
          of = new Owner(new WeakReference<>(thread), tasks);
          variables(thread, known);
          of = null;
        } else {
          ofTarget = true;
          targets(thread, null, DEEPEST_TARGET);
          ofTarget = false;
        }
      }
      nextThread++;
    }

    /** What the thread has in the variables that are known. */
    private void variables(Thread thread, IdentityHashMap<Object, Local> known) {
      if (!(shapes.get(shapes.get(thread, "threadLocals"), "table") instanceof Object[] table)) {
        return;
      }
      for (Object entry : table) {
        Object variable = entry instanceof Reference<?> reference ? reference.get() : null;
        Local local = variable == null ? null : known.get(variable);
        Slot slot = local == null ? null : shapes.of(entry.getClass()).reference("value");
        Object value = slot == null ? null : shapes.reader().reference(entry, slot.offset());
        if (local != null && value != null) {
          Path path = new Path(new Path(null, local.slot), null);
          meet(entry, slot, value, path, 0, DEEPEST_LOCAL, false, Long.MAX_VALUE);
        }
      }
      while (!open.isEmpty()) {
        Step step = open.remove();
        if (step.object() instanceof Object[] array) {
          array(array, step, DEEPEST_LOCAL);
        } else {
          fields(step, DEEPEST_LOCAL);
        }
      }
    }

    /** Queues in what a thread was given to run, or in itself. */
    private void targets(Object it, @Nullable Path parent, int deeper) {
      if (!seen.add(it)) {
        return;
      }
      boolean lambda = it.getClass().isHidden();
      for (Slot slot : shapes.of(it.getClass()).references()) {
        boolean ofThread = slot.declaring().equals("java.lang.Thread");
        if (Frames.isJdk(slot.declaring()) && !(ofThread && slot.name().equals("holder"))) {
          continue;
        }
        Object value =
            ofThread && it instanceof Thread thread
                ? workers.target(thread)
                : shapes.reader().reference(it, slot.offset());
        if (value == null) {
          continue;
        }
        Path path = new Path(parent, slot);
        if (value instanceof BlockingQueue && containers.isJdkContainer(value)) {
          meet(it, slot, value, path, 0, 0, false, Long.MAX_VALUE);
        } else if (deeper > 0 && isOpen(value) && !value.getClass().isArray()) {
          targets(value, lambda || ofThread ? parent : path, deeper - 1);
        }
      }
    }

    // ---------------------------------------------------------------- from static fields

    /** Goes once round the roots, a group at a time; returns where the next walk begins. */
    private int go(List<Roots.Root> all, int from, int deepest, Budget budget) {
      int at = from < all.size() ? from : 0;
      for (int done = 0; done < all.size(); ) {
        int group = Math.min(GROUP, all.size() - done);
        for (int i = 0; i < group; i++) {
          statics(all.get((at + i) % all.size()), deepest);
        }
        int most = seen.size() + MOST_OBJECTS_A_GROUP;
        while (!open.isEmpty() && seen.size() < most) {
          if ((++steps & 31) == 0 && budget.isSpent()) {
            break;
          }
          Step step = open.remove();
          if (step.object() instanceof Object[] array) {
            array(array, step, deepest);
          } else {
            fields(step, deepest);
          }
        }
        open.clear();
        done += group;
        at = (at + group) % all.size();
        if (seen.size() > MOST_OBJECTS || budget.isSpent()) {
          break;
        }
      }
      return at;
    }

    private void statics(Roots.Root root, int deepest) {
      Class<?> type = root.get();
      if (type == null) {
        return;
      }
      for (Slot slot : root.statics()) {
        Object value = shapes.reader().reference(type, slot.offset());
        if (value instanceof ThreadLocal && deepest == 0) {
          variable(value, slot);
        } else if (value != null) {
          meet(type, slot, value, new Path(null, slot), 0, deepest, false, Long.MAX_VALUE);
        }
      }
    }

    private void variable(Object local, Slot slot) {
      if (locals.size() < MOST_LOCALS && locals.stream().noneMatch(l -> l.refersTo(local))) {
        locals.add(new Local(local, slot));
      }
    }

    private void fields(Step step, int deepest) {
      Object it = step.object();
      boolean forgets = step.forgets() || containers.forgets(it);
      long limit = containers.limit(it);
      for (Slot slot : shapes.of(it.getClass()).references()) {
        Object value = shapes.reader().reference(it, slot.offset());
        if (value != null) {
          Path path = new Path(step.path(), slot);
          meet(it, slot, value, path, step.depth() + 1, deepest, forgets, limit);
        }
      }
    }

    private void array(Object[] array, Step step, int deepest) {
      for (int i = 0; i < Math.min(array.length, MOST_ELEMENTS); i++) {
        Object value = array[i];
        if (value != null) {
          int depth = step.depth() + 1;
          Path path = new Path(step.path(), null);
          meet(value, null, value, path, depth, deepest, step.forgets(), Long.MAX_VALUE);
        }
      }
    }

    private void meet(
        Object owner,
        @Nullable Slot slot,
        Object value,
        Path path,
        int depth,
        int deepest,
        boolean forgetful,
        long limit) {
      boolean jdk = containers.isJdkContainer(value);
      Object inner = jdk ? containers.innermost(value) : value;
      if (!(jdk || isOpen(value)) || !seen.add(inner)) {
        return;
      }
      long size = containers.size(value);
      if (size >= 0) {
        boolean forgets = forgetful || containers.forgets(inner);
        follow(owner, slot, path, size, forgets, Math.min(limit, containers.limit(inner)));
      }
      if (depth >= deepest) {
        return;
      }
      if (jdk) {
        if (size >= 0 && size <= MOST_ELEMENTS) {
          elements(value, path, depth, deepest, forgetful);
        }
      } else if (size < 0) {
        open.add(new Step(value, path, depth, forgetful));
      }
    }

    private void elements(Object container, Path path, int depth, int deepest, boolean forgets) {
      containers.entries(
          container,
          MOST_ELEMENTS,
          (_, element) -> {
            if (element != null) {
              Path at = new Path(path, null);
              meet(element, null, element, at, depth + 1, deepest, forgets, Long.MAX_VALUE);
            }
            return seen.size() <= MOST_OBJECTS;
          });
    }

    private void follow(
        Object owner, @Nullable Slot slot, Path path, long size, boolean forgets, long limit) {
      probe.owner = owner;
      probe.offset = slot == null ? -1 : slot.offset();
      boolean known = places.containsKey(probe);
      probe.owner = null;
      if (!known && places.size() < MOST_PLACES) {
        Place place = new Place(owner, slot, path, forgets, limit, of, gone);
        place.ofTarget = ofTarget;
        place.curve.add(now, size);
        places.put(place, place);
      }
    }
  }

  /** Whether to look into an object that is no container of the JDK. */
  private static boolean isOpen(Object value) {
    Class<?> type = value.getClass();
    if (type.isArray()) {
      return !type.getComponentType().isPrimitive() && !Names.isJdk(base(type));
    }
    if (value instanceof AtomicReference) {
      return true;
    }
    return !Names.isJdk(type)
        && !(value instanceof Thread)
        && !(value instanceof ClassLoader)
        && !(value instanceof Reference)
        && !Frames.isSelvage(type.getName());
  }

  private static Class<?> base(Class<?> array) {
    Class<?> type = array;
    while (type.isArray()) {
      type = type.getComponentType();
    }
    // Arrays of the JDK's own containers are the shards of something.
    return Map.class.isAssignableFrom(type)
            || java.util.Collection.class.isAssignableFrom(type)
            || type == Object.class
        ? StaticGrowth.class
        : type;
  }

  @Override
  public List<Finding.Suspected> suspects() {
    List<Place> growing = new ArrayList<>();
    for (Place place : places.values()) {
      if (onlyGrows(place)) {
        growing.add(place);
      }
    }
    growing.sort(Comparator.comparingDouble((Place p) -> -p.curve.perSecond()));
    Class<?>[] loaded = loadedClasses.get();
    StaticFinding writer = new StaticFinding(shapes, containers, loaded);
    Map<String, Integer> threads = new HashMap<>();
    for (Place place : growing) {
      if (place.of != null) {
        threads.merge(place.path.toString(), 1, Integer::sum);
      }
    }
    Map<String, Finding.Suspected> findings = new LinkedHashMap<>();
    Set<Object> told = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Place place : growing) {
      Object container = container(place);
      if (findings.size() < MOST_SUSPECTS
          && container != null
          && told.add(containers.innermost(container))
          && !findings.containsKey(place.path.toString())
          && !StaticFinding.evictsEldest(containers.innermost(container))) {
        Thread thread = place.of == null ? null : place.of.thread().get();
        StaticFinding.Holder holder =
            place.of == null
                ? null
                : new StaticFinding.Holder(
                    thread == null ? "" : thread.getName(),
                    threads.getOrDefault(place.path.toString(), 1));
        findings.put(
            place.path.toString(), writer.write(container, place.path, place.curve, holder));
      }
    }
    return List.copyOf(findings.values());
  }

  private boolean onlyGrows(Place place) {
    return !place.forgets
        && !inOneTask(place)
        && !(place.ofTarget && place.curve.seconds() < LEAST_QUEUE_SECONDS) // a burst
        && place.curve.onlyGrows(LEAST_GROWTH)
        && place.curve.last() > 0
        && place.curve.last() > (place.limit == Long.MAX_VALUE ? 0 : place.limit);
  }

  /** Whether it may be that one task collects, and lets go of it all at its end. */
  private boolean inOneTask(Place place) {
    Thread thread = place.of == null ? null : place.of.thread().get();
    return place.of != null && (thread == null || workers.tasksDone(thread) <= place.of.tasks());
  }

  @Override
  public List<Growth> growth() {
    return places.values().stream()
        .map(
            place ->
                new Growth(
                    "container",
                    place.path.toString(),
                    null,
                    onlyGrows(place),
                    place.curve.points()))
        .toList();
  }
}
