package dev.selvage.http.page;

import dev.selvage.diagnostics.Leaks;
import dev.selvage.diagnostics.profile.FlameJson;
import dev.selvage.diagnostics.profile.FlameTree;
import dev.selvage.diagnostics.profile.StackProfile;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Profiles as JSON for a flame graph, as {@link FlameJson} says. Pure functions. */
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
    return FlameJson.of(
        tree,
        MOST_BOXES,
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
    leaks
        .groups(leaked)
        .forEach(
            (alike, count) -> {
              List<String> functions = rootFirst(alike.stack());
              functions.add("[" + alike.waitReason().text() + "]");
              tree.add(functions, count);
            });
    String name = leaked ? "goroutineleak" : "goroutine";
    return FlameJson.of(
        tree,
        MOST_BOXES,
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
}
