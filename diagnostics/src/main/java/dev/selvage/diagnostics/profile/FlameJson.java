package dev.selvage.diagnostics.profile;

import dev.selvage.diagnostics.Frames;
import dev.selvage.diagnostics.text.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A flame graph as JSON, schema {@code selvage.flame/1}. Boxes are lists of numbers, callers before
 * what they call: the place of the caller in the list (-1 for the first), the place of the name in
 * {@code names}, its value, and what of that is its own.
 */
public final class FlameJson {
  private FlameJson() {}

  /**
   * The JSON, on one line that ends in a line break.
   *
   * @param mostBoxes the narrowest are left out where there are more
   * @param name what the profile is called
   * @param value which of its numbers the tree has
   * @param types which numbers it has
   * @param takenAt when; null where that is not known
   * @param duration what time it is of; zero where it is of a moment
   */
  public static String of(
      FlameTree tree,
      int mostBoxes,
      String name,
      StackProfile.Value value,
      List<String> types,
      @Nullable Instant takenAt,
      Duration duration,
      List<String> comments) {
    FlameTree.Drawing drawing = tree.draw(mostBoxes);
    Map<String, Integer> names = new LinkedHashMap<>();
    List<long[]> boxes = new ArrayList<>(drawing.boxes().size());
    for (FlameTree.Box box : drawing.boxes()) {
      int at = names.computeIfAbsent(box.name(), _ -> names.size());
      boxes.add(new long[] {box.parent(), at, box.value(), box.self()});
    }
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("schema", "selvage.flame/1");
    json.put("profile", name);
    json.put("type", value.type());
    json.put("unit", value.unit());
    json.put("types", types);
    json.put("takenAt", takenAt == null ? null : takenAt.toEpochMilli());
    json.put("nanos", duration.toNanos());
    json.put("total", tree.total());
    json.put("shrunk", tree.shrunk());
    json.put("least", drawing.least());
    json.put("tooDeep", drawing.tooDeep());
    json.put("comments", comments);
    // Whose each is: one letter a name.
    StringBuilder whose = new StringBuilder();
    for (String function : names.keySet()) {
      whose.append(Frames.isJdk(function) ? 'j' : Frames.isSelvage(function) ? 's' : 'p');
    }
    json.put("whose", whose.toString());
    json.put("names", List.copyOf(names.keySet()));
    json.put("boxes", boxes);
    return Json.text(json);
  }
}
