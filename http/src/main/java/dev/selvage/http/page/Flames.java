package dev.selvage.http.page;

import dev.selvage.diagnostics.Frames;
import dev.selvage.diagnostics.Leaks;
import dev.selvage.diagnostics.profile.FlameTree;
import dev.selvage.diagnostics.profile.FlameTree.Box;
import dev.selvage.diagnostics.profile.StackProfile;
import dev.selvage.diagnostics.text.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Profiles as JSON for a flame graph, schema {@code selvage.flame/1}. Boxes are lists of numbers,
 * callers before what they call: the place of the caller in the list (-1 for the first), the place
 * of the name in {@code names}, its value, and what of that is its own. Pure functions.
 */
public final class Flames {
  /** More no browser draws with pleasure. */
  private static final int MOST_BOXES = 20_000;

  private Flames() {}

  /**
   * A profile.
   *
   * @param type which of its numbers; empty for the one that a reader is shown first, and so is one
   *     that it has not
   */
  public static String json(StackProfile profile, String type) {
    List<StackProfile.Value> values = profile.values();
    int shown = profile.shown();
    for (int i = 0; i < values.size(); i++) {
      if (values.get(i).type().equals(type)) {
        shown = i;
      }
    }
    int value = shown;
    FlameTree tree = new FlameTree();
    profile.forEach((stack, _, numbers) -> tree.add(rootFirst(stack), numbers[value]));
    return json(
        tree,
        profile.name(),
        values.get(shown),
        values.stream().map(StackProfile.Value::type).toList(),
        profile.takenAt(),
        profile.duration(),
        profile.comments());
  }

  /**
   * All goroutines as they are now, with what each waits for as if the last function had called
   * that.
   *
   * @param leaked whether only those that are proven to be leaked
   */
  public static String goroutines(Leaks leaks, boolean leaked) {
    FlameTree tree = new FlameTree();
    leaks.visit(
        false,
        (goroutine, _) -> {
          if (!leaked || goroutine.leaked()) {
            List<String> functions = rootFirst(goroutine.stack());
            functions.add("[" + goroutine.waitReason().text() + "]");
            tree.add(functions, 1);
          }
        });
    String name = leaked ? "goroutineleak" : "goroutine";
    return json(
        tree,
        name,
        new StackProfile.Value(name, "count"),
        List.of(name),
        Instant.now(),
        Duration.ZERO,
        List.of());
  }

  private static List<String> rootFirst(List<StackTraceElement> stack) {
    List<String> functions = new ArrayList<>(stack.size() + 1);
    for (int i = stack.size() - 1; i >= 0; i--) {
      functions.add(FlameTree.function(stack.get(i)));
    }
    return functions;
  }

  private static String json(
      FlameTree tree,
      String name,
      StackProfile.Value value,
      List<String> types,
      Instant takenAt,
      Duration duration,
      List<String> comments) {
    FlameTree.Drawing drawing = tree.draw(MOST_BOXES);
    Map<String, Integer> names = new LinkedHashMap<>();
    List<long[]> boxes = new ArrayList<>(drawing.boxes().size());
    for (Box box : drawing.boxes()) {
      int at = names.computeIfAbsent(box.name(), _ -> names.size());
      boxes.add(new long[] {box.parent(), at, box.value(), box.self()});
    }
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("schema", "selvage.flame/1");
    json.put("profile", name);
    json.put("type", value.type());
    json.put("unit", value.unit());
    json.put("types", types);
    json.put("takenAt", takenAt.toEpochMilli());
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
