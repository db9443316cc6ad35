package dev.selvage.diagnostics.growth;

import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Frames;
import dev.selvage.diagnostics.Watch;
import dev.selvage.diagnostics.growth.Shapes.Slot;
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
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Suspects maps and collections that are reached from static fields of the program's classes and
 * only grow. One thread at a time. A sample reads memory only: it calls no method of the program,
 * initialises none of its classes and keeps none of its objects or loaders alive.
 */
final class StaticGrowth implements Watch {
  /*
   * A container is followed by its place, the owner and the field that holds it, not by itself, so
   * that a map which is replaced by a larger copy at each put grows like any other. An element of
   * another container has no such place and is followed by itself (no slot).
   *
   * Each sample first reads all places that are known, then walks from the static fields, nearest
   * objects first, to find more. The walk has a budget; where it ended for lack of it the next one
   * begins. Owners are held weakly; everything else that is kept is names, offsets and numbers.
   */
  private static final int DEEPEST = 5;
  private static final int MOST_PLACES = 4_000;
  private static final int MOST_OBJECTS = 20_000;
  private static final int MOST_ELEMENTS = 256;
  private static final int MOST_SUSPECTS = 20;
  private static final int LEAST_GROWTH = 32;
  private static final long FIRST_WALK_NANOS = 300_000_000;
  private static final long WALK_NANOS = 5_000_000;

  private final Supplier<Class<?>[]> loadedClasses;
  private final LongSupplier nanos;
  private final Shapes shapes;
  private final Containers containers;
  private final Map<Object, Place> places = new HashMap<>();
  private final ReferenceQueue<Object> gone = new ReferenceQueue<>();
  private final Probe probe = new Probe();
  private int samples;
  private int firstClass;
  private long failures;

  StaticGrowth(Supplier<Class<?>[]> loadedClasses, FieldReader reader, LongSupplier nanos) {
    this.loadedClasses = loadedClasses;
    this.nanos = nanos;
    this.shapes = new Shapes(reader);
    this.containers = new Containers(shapes);
  }

  /** How a container is reached: a static field, then fields and elements. */
  private record Path(@Nullable Path parent, @Nullable Slot slot) {
    List<Path> steps() {
      List<Path> steps = new ArrayList<>();
      for (Path p = this; p != null; p = p.parent()) {
        steps.addFirst(p);
      }
      return steps;
    }

    @Override
    public String toString() {
      StringBuilder text = new StringBuilder();
      for (Path step : steps()) {
        if (step.slot() == null) {
          text.append("[]");
        } else if (text.isEmpty()) {
          text.append(step.slot());
        } else {
          text.append('.').append(step.slot().name());
        }
      }
      return text.toString();
    }
  }

  /** A place that is followed, with what is known of it. Its own key in the table of places. */
  private static final class Place extends WeakReference<Object> {
    final int hash;
    final long offset;
    final @Nullable Slot slot;
    final Path path;
    final boolean forgets;
    final long limit;
    final Curve curve = new Curve();

    Place(
        Object owner,
        @Nullable Slot slot,
        Path path,
        boolean forgets,
        long limit,
        ReferenceQueue<Object> queue) {
      super(owner, queue);
      this.slot = slot;
      this.offset = slot == null ? -1 : slot.offset();
      this.hash = hash(owner, offset);
      this.path = path;
      this.forgets = forgets;
      this.limit = limit;
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
    private final long deadline;
    private final Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>(4096));
    private final ArrayDeque<Step> open = new ArrayDeque<>();

    Walk(long now) {
      this.now = now;
      this.deadline = System.nanoTime() + (samples == 0 ? FIRST_WALK_NANOS : WALK_NANOS);
    }

    void run() {
      Class<?>[] classes = loadedClasses.get();
      int from = firstClass < classes.length ? firstClass : 0;
      firstClass = 0;
      for (int i = 0; i < classes.length; i++) {
        Class<?> type = classes[(from + i) % classes.length];
        if (isWatched(type)) {
          statics(type);
        }
        if ((i & 255) == 255 && spent()) {
          firstClass = (from + i + 1) % classes.length;
          return;
        }
      }
      while (!open.isEmpty()) {
        Step step = open.remove();
        if (step.object() instanceof Object[] array) {
          array(array, step);
        } else {
          fields(step);
        }
        if ((seen.size() & 63) == 0 && spent()) {
          // Other roots get their turn at going deep.
          firstClass = (from + 97) % classes.length;
          return;
        }
      }
    }

    private boolean spent() {
      return seen.size() > MOST_OBJECTS || System.nanoTime() > deadline;
    }

    private boolean isWatched(Class<?> type) {
      return !type.isArray()
          && !type.isPrimitive()
          && !Names.isJdk(type)
          && !type.isHidden()
          && !type.isSynthetic()
          && !Frames.isSelvage(type.getName())
          && shapes.reader().isInitialized(type);
    }

    private void statics(Class<?> type) {
      for (Slot slot : shapes.of(type).statics()) {
        Object value = shapes.reader().reference(type, slot.offset());
        if (value != null) {
          meet(type, slot, value, new Path(null, slot), 0, false, Long.MAX_VALUE);
        }
      }
    }

    private void fields(Step step) {
      Object it = step.object();
      boolean forgets = step.forgets() || containers.forgets(it);
      long limit = containers.limit(it);
      for (Slot slot : shapes.of(it.getClass()).references()) {
        Object value = shapes.reader().reference(it, slot.offset());
        if (value != null) {
          Path path = new Path(step.path(), slot);
          meet(it, slot, value, path, step.depth() + 1, forgets, limit);
        }
      }
    }

    private void array(Object[] array, Step step) {
      Path path = new Path(step.path(), null);
      for (int i = 0; i < Math.min(array.length, MOST_ELEMENTS); i++) {
        Object value = array[i];
        if (value != null) {
          meet(value, null, value, path, step.depth() + 1, step.forgets(), Long.MAX_VALUE);
        }
      }
    }

    private void meet(
        Object owner,
        @Nullable Slot slot,
        Object value,
        Path path,
        int depth,
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
      if (depth >= DEEPEST) {
        return;
      }
      if (jdk) {
        if (size >= 0 && size <= MOST_ELEMENTS) {
          elements(value, path, depth, forgetful);
        }
      } else if (size < 0) {
        open.add(new Step(value, path, depth, forgetful));
      }
    }

    private void elements(Object container, Path path, int depth, boolean forgets) {
      Path elements = new Path(path, null);
      containers.entries(
          container,
          MOST_ELEMENTS,
          (_, element) -> {
            if (element != null) {
              meet(element, null, element, elements, depth + 1, forgets, Long.MAX_VALUE);
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
        Place place = new Place(owner, slot, path, forgets, limit, gone);
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
      if (!place.forgets
          && place.curve.onlyGrows(LEAST_GROWTH)
          && place.curve.last() > 0
          && place.curve.last() > (place.limit == Long.MAX_VALUE ? 0 : place.limit)) {
        growing.add(place);
      }
    }
    growing.sort(Comparator.comparingDouble((Place p) -> -p.curve.perSecond()));
    Class<?>[] loaded = loadedClasses.get();
    PutSites sites = new PutSites(loaded);
    Map<String, Finding.Suspected> findings = new LinkedHashMap<>();
    Set<Object> told = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Place place : growing) {
      Object container = container(place);
      if (findings.size() < MOST_SUSPECTS
          && container != null
          && told.add(containers.innermost(container))
          && !findings.containsKey(place.path.toString())
          && !evictsEldest(containers.innermost(container))) {
        findings.put(place.path.toString(), finding(place, container, loaded, sites));
      }
    }
    return List.copyOf(findings.values());
  }

  /** Whether it is a {@code LinkedHashMap} that throws out its eldest entry by rule. */
  private static boolean evictsEldest(Object container) {
    for (Class<?> c = container.getClass(); c != null && !Names.isJdk(c); c = c.getSuperclass()) {
      boolean evicts =
          ClassFiles.model(c).stream()
              .flatMap(model -> model.methods().stream())
              .anyMatch(method -> method.methodName().equalsString("removeEldestEntry"));
      if (evicts) {
        return true;
      }
    }
    return false;
  }

  private Finding.Suspected finding(
      Place place, Object container, Class<?>[] loaded, PutSites sites) {
    Object inner = containers.innermost(container);
    boolean map = container instanceof Map;
    boolean list = container instanceof java.util.Collection && !(container instanceof Set);
    Curve curve = place.curve;
    Content content = content(container, inner);
    PutSites.Found found = sites(place.path, loaded, sites);
    String what = map ? "map" : "collection";
    String field = place.path.toString();

    Map<String, Object> evidence = new LinkedHashMap<>();
    evidence.put("field", field);
    evidence.put("class", Names.of(inner.getClass()));
    evidence.put("entries", curve.last());
    evidence.put("grewBy", curve.last() - curve.first());
    evidence.put("seconds", Math.round(curve.seconds() * 10) / 10.0);
    evidence.put("entriesPerSecond", curve.perSecond());
    evidence.put("sizes", curve.text(12));
    if (content.key() != null && !list) {
      evidence.put(map ? "keyClass" : "elementClass", Names.of(content.key()));
    }
    if (content.value() != null && (map || list)) {
      evidence.put(map ? "valueClass" : "elementClass", Names.of(content.value()));
    }
    String fault =
        content.key() == null || list || !hashes(inner) ? null : Keys.fault(content.key());
    if (fault != null) {
      evidence.put("keyFault", fault);
    }
    if (!found.puts().isEmpty()) {
      evidence.put("putSites", found.puts());
    }
    if (!found.takes().isEmpty()) {
      evidence.put("takeSites", found.takes());
    }
    if (found.createdAt() != null) {
      evidence.put("createdAt", found.createdAt());
    }

    String because =
        "the "
            + what
            + " in "
            + field
            + " only grew, from "
            + curve.first()
            + " to "
            + curve.last()
            + " entries in "
            + evidence.get("seconds")
            + " s";
    if (fault != null && content.key() != null) {
      because +=
          content.key().isArray()
              ? ": its keys are arrays, which compare by identity, so every put adds an entry"
              : ": its key class "
                  + Names.of(content.key())
                  + " has "
                  + fault
                  + ", so every put with a new key object adds an entry";
    } else if (found.complete() && found.takes().isEmpty() && !found.puts().isEmpty()) {
      because += ", and no code that can reach it takes anything out";
    }
    String suggestion = suggestion(map, list, fault, content.key());
    return new Finding.Suspected(
        new Finding.Details(
            Finding.State.OPEN,
            what + " growth",
            (int) Math.min(Integer.MAX_VALUE, curve.last()),
            found.puts().isEmpty() ? null : found.puts().getFirst(),
            null,
            OptionalLong.of((long) curve.seconds()),
            OptionalLong.empty(),
            List.of(field),
            List.of(),
            Frames.fingerprint(what + " growth", field, List.of()),
            null,
            evidence,
            because,
            suggestion));
  }

  private static String suggestion(
      boolean map, boolean list, @Nullable String fault, @Nullable Class<?> key) {
    if (fault != null && key != null) {
      return key.isArray()
          ? "wrap the array in a record or List as the key, and bound the map"
          : "give " + Names.of(key) + " equals and hashCode (or make it a record)";
    }
    if (map) {
      return "bound it: a cache with maximumSize, expireAfterWrite or weakKeys (Caffeine), or"
          + " remove each entry when its owner ends";
    }
    return list
        ? "take elements out when they are done with, or keep only the newest N"
        : "remove each element when its owner ends, or use a cache with a bound as a set";
  }

  private static boolean hashes(Object inner) {
    return !(inner instanceof java.util.SortedMap || inner instanceof IdentityHashMap);
  }

  private record Content(@Nullable Class<?> key, @Nullable Class<?> value) {}

  /** The classes of one entry. */
  private Content content(Object container, Object inner) {
    @Nullable Class<?>[] found = new @Nullable Class<?>[2];
    containers.entries(
        inner,
        8,
        (key, value) -> {
          found[0] = key == null ? null : key.getClass();
          found[1] = value == null ? null : unwrapped(value).getClass();
          return false;
        });
    if (found[0] == null && found[1] == null && container instanceof Set) {
      return new Content(null, null);
    }
    return new Content(found[0], found[1]);
  }

  /** The value in the node of a cache library; any other value itself. */
  private Object unwrapped(Object value) {
    if (Names.of(value.getClass()).startsWith("com.github.benmanes.caffeine.cache.")) {
      Object inner = shapes.get(value, "value");
      return inner == null ? value : inner;
    }
    return value;
  }

  /**
   * Asks for the field nearest to the container that the same people wrote as the static field, and
   * goes outwards until code is found: inside a library its own code is of no help.
   */
  private static PutSites.Found sites(Path path, Class<?>[] loaded, PutSites sites) {
    List<Path> steps = path.steps();
    Slot root = steps.getFirst().slot();
    PutSites.Found best = new PutSites.Found(List.of(), List.of(), null, false);
    if (root == null) {
      return best;
    }
    String family = Names.family(root.declaring());
    for (int i = steps.size() - 1; i >= 0; i--) {
      Slot slot = steps.get(i).slot();
      if (slot == null || !Names.family(slot.declaring()).equals(family)) {
        continue;
      }
      Class<?> declaring = named(slot.declaring(), loaded);
      if (declaring == null) {
        continue;
      }
      boolean elements =
          steps.subList(i + 1, steps.size()).stream()
              .anyMatch(s -> s.slot() == null || s.slot().declaring().startsWith("java."));
      PutSites.Found found =
          sites.find(new PutSites.Target(declaring, slot.name(), slot.descriptor(), elements));
      if (!found.puts().isEmpty()) {
        return found;
      }
      best = best.createdAt() == null ? found : best;
    }
    return best;
  }

  private static @Nullable Class<?> named(String name, Class<?>[] loaded) {
    for (Class<?> type : loaded) {
      if (type.getName().equals(name)) {
        return type;
      }
    }
    return null;
  }
}
