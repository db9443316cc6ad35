package dev.selvage.diagnostics.profile;

import dev.selvage.diagnostics.jdk.Jdk;
import dev.selvage.diagnostics.text.ClassNames;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import jdk.jfr.consumer.RecordedClass;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedObject;
import org.jspecify.annotations.Nullable;

/**
 * What the flight recorder says of one object that it has kept an eye on since it was allocated:
 * its class, its age, and what keeps it, as labels of a profile. Pure functions.
 */
final class OldObjects {
  /** What is sampled where an object is allocated, and told of those that live at the end. */
  static final String EVENT = "jdk.OldObjectSample";

  /** For how long the ways to roots are looked for, at most: the program stands meanwhile. */
  static final Duration LONGEST_SEARCH = Duration.ofSeconds(3);

  /** More steps than that are shown as their ends. */
  private static final int MOST_STEPS = 24;

  /** Hides what a class's statics are in: its own object. */
  private static final String CLASS = "java.lang.Class";

  private OldObjects() {}

  /**
   * Why there would never be a sample, or null.
   *
   * @param collectors the names of the JVM's collectors
   */
  static @Nullable String impossible(List<String> collectors) {
    return collectors.stream().anyMatch(name -> name.contains("Shenandoah"))
        ? "the flight recorder samples no old objects under Shenandoah; it does under the other"
            + " collectors"
        : null;
  }

  /** How the recorder is to be asked. */
  static Map<String, String> settings(boolean paths) {
    return Map.of(
        "stackTrace",
        "true",
        "cutoff",
        JfrRecording.millis(paths ? LONGEST_SEARCH : Duration.ZERO));
  }

  /**
   * The labels {@code class} and {@code age}, and where the recorder found a way to a root {@code
   * path} and {@code root}.
   */
  static Map<String, String> labels(RecordedEvent event) {
    Map<String, String> labels = new HashMap<>();
    labels.put("age", age(event.getDuration("objectAge")));
    if (event.getValue("object") instanceof RecordedObject object) {
      labels.put("class", type(object));
      if (event.getValue("root") instanceof RecordedObject root) {
        labels.put("path", path(object));
        labels.put("root", root(root));
      }
    }
    return labels;
  }

  /** So roughly that those of one age are one line of a profile. */
  static String age(Duration age) {
    long seconds = age.toSeconds();
    if (seconds < 10) {
      return seconds < 1 ? "below 1s" : "1s to 10s";
    }
    if (seconds < 600) {
      return seconds < 60 ? "10s to 1m" : "1m to 10m";
    }
    return seconds < 3_600 ? "10m to 1h" : "above 1h";
  }

  /**
   * What holds it, from the root on: {@code com.acme.Shop.CACHE > java.util.HashMap.table >
   * java.util.HashMap$Node[] > …}. Places in an array are left out, so that what lies in one is
   * alike.
   */
  private static String path(RecordedObject object) {
    Deque<String> steps = new ArrayDeque<>();
    int fromStatic = 0;
    RecordedObject at = object;
    steps.addFirst(type(at));
    while (at.getValue("referrer") instanceof RecordedObject reference) {
      if (reference.getLong("skip") > 0) {
        steps.addFirst("…");
      }
      if (!(reference.getValue("object") instanceof RecordedObject holder)) {
        break;
      }
      RecordedObject field = reference.getValue("field");
      String owner = owner(holder);
      steps.addFirst(field == null ? type(holder) : owner + "." + field.getString("name"));
      if (field != null && !owner.equals(type(holder))) {
        fromStatic = steps.size();
      }
      at = holder;
    }
    if (fromStatic > 0 && Jdk.isBuiltInLoader(steps.getFirst())) {
      // How a loader that is never dropped holds its classes says nothing.
      while (steps.size() > fromStatic) {
        steps.removeFirst();
      }
    }
    if (steps.size() <= MOST_STEPS) {
      return String.join(" > ", steps);
    }
    String[] all = steps.toArray(String[]::new);
    String[] shown = new String[MOST_STEPS + 1];
    System.arraycopy(all, 0, shown, 0, MOST_STEPS / 2);
    shown[MOST_STEPS / 2] = "…";
    System.arraycopy(all, all.length - MOST_STEPS / 2, shown, MOST_STEPS / 2 + 1, MOST_STEPS / 2);
    return String.join(" > ", shown);
  }

  /** Whose field it is: that of a class's object is a static one. */
  private static String owner(RecordedObject holder) {
    String type = type(holder);
    String description = holder.getString("description");
    String prefix = "Class Name: ";
    return type.equals(CLASS) && description != null && description.startsWith(prefix)
        ? description.substring(prefix.length())
        : type;
  }

  private static String type(RecordedObject object) {
    RecordedClass type = object.getValue("type");
    return type == null ? "?" : ClassNames.readable(type.getName());
  }

  private static String root(RecordedObject root) {
    String system = text(root, "system");
    String type = text(root, "type");
    String description = text(root, "description");
    StringBuilder out = new StringBuilder(system);
    // This is what the recorder says where there is nothing to say.
    for (String more : new String[] {type, description}) {
      if (!more.isEmpty() && !Set.of("Unknown", "<unknown>", "N/A").contains(more)) {
        out.append(out.isEmpty() ? "" : ", ").append(more);
      }
    }
    return out.toString();
  }

  private static String text(RecordedObject object, String field) {
    @Nullable String text = object.getString(field);
    return text == null ? "" : text;
  }
}
