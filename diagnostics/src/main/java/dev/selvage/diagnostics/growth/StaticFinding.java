package dev.selvage.diagnostics.growth;

import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Frames;
import dev.selvage.diagnostics.growth.Shapes.Slot;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * Writes down what is known of a map or collection that only grows: its content, the lines that put
 * into it, and the likely cause. One thread at a time; reads class files, so it takes some
 * milliseconds a finding.
 */
final class StaticFinding {
  private final Shapes shapes;
  private final Containers containers;
  private final Class<?>[] loaded;
  private final PutSites sites;

  StaticFinding(Shapes shapes, Containers containers, Class<?>[] loaded) {
    this.shapes = shapes;
    this.containers = containers;
    this.loaded = loaded;
    this.sites = new PutSites(loaded);
  }

  /** Whether it is a {@code LinkedHashMap} that throws out its eldest entry by rule. */
  static boolean evictsEldest(Object container) {
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

  /**
   * Whose it is, if it is in a thread-local variable.
   *
   * @param thread the name of the thread
   * @param threads in how many threads that of the same variable only grows
   */
  record Holder(String thread, int threads) {}

  /**
   * Writes the finding.
   *
   * @param holder null if no thread has it for itself
   */
  Finding.Suspected write(Object container, Path path, Curve curve, @Nullable Holder holder) {
    Object inner = containers.innermost(container);
    boolean map = container instanceof Map;
    boolean queue = container instanceof BlockingQueue;
    boolean list = container instanceof java.util.Collection && !(container instanceof Set);
    Content content = content(container, inner);
    PutSites.Found found = sites(path);
    String what = map ? "map" : queue ? "queue" : "collection";
    String kind = (holder == null ? what : "thread-local") + " growth";
    String field = path.toString();

    Map<String, Object> evidence = new LinkedHashMap<>();
    evidence.put("field", field);
    if (holder != null) {
      evidence.put("thread", holder.thread());
      evidence.put("threads", holder.threads());
    }
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
            + (holder == null ? "" : " of the pool's thread " + holder.thread())
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
    if (holder != null) {
      because += ", while the thread went from task to task";
    }
    String suggestion =
        holder != null
            ? "clear it, or remove() the variable, in a finally block at the end of each task: the"
                + " thread of a pool outlives them all"
            : suggestion(map, list, fault, content.key());
    if (queue && holder == null) {
      suggestion = "give the queue a bound, so that who puts has to wait, or take from it faster";
    }
    return new Finding.Suspected(
        new Finding.Details(
            Finding.State.OPEN,
            kind,
            (int) Math.min(Integer.MAX_VALUE, curve.last()),
            found.puts().isEmpty() ? null : found.puts().getFirst(),
            null,
            OptionalLong.of((long) curve.seconds()),
            OptionalLong.empty(),
            List.of(field),
            List.of(),
            Frames.fingerprint(kind, field, List.of()),
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
  private PutSites.Found sites(Path path) {
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
      Class<?> declaring = named(slot.declaring());
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

  private @Nullable Class<?> named(String name) {
    for (Class<?> type : loaded) {
      if (type.getName().equals(name)) {
        return type;
      }
    }
    return null;
  }
}
