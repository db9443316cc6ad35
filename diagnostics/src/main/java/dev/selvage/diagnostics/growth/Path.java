package dev.selvage.diagnostics.growth;

import dev.selvage.diagnostics.growth.Shapes.Slot;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a container is reached: a static field, then fields of instances and, without a slot,
 * elements. Immutable; paths share their beginnings.
 */
record Path(@Nullable Path parent, @Nullable Slot slot) {
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
