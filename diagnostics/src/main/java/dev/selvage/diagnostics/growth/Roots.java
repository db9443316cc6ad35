package dev.selvage.diagnostics.growth;

import dev.selvage.diagnostics.Frames;
import dev.selvage.diagnostics.growth.Shapes.Slot;
import java.lang.ref.WeakReference;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;

/**
 * The static reference fields of the program's initialised classes, found a few classes at a time.
 * One thread at a time; keeps no class alive and initialises none.
 */
final class Roots {
  /*
   * A class goes from unknown to waiting when it is first seen, and from waiting to told when it is
   * initialised and its fields were asked for, which is the dear part and therefore has a deadline.
   * All loaded classes are gone through only when their number has changed, and now and then in
   * case as many came as went.
   */
  private static final int LOOK_ANYWAY = 10;

  /** A class that has static references. */
  static final class Root extends WeakReference<Class<?>> {
    private final List<Slot> statics;

    Root(Class<?> type, List<Slot> statics) {
      super(type);
      this.statics = statics;
    }

    List<Slot> statics() {
      return statics;
    }
  }

  private final Shapes shapes;
  private final Map<Class<?>, Boolean> seen = new WeakHashMap<>();
  private final Deque<WeakReference<Class<?>>> waiting = new ArrayDeque<>();
  private final List<Root> told = new ArrayList<>();
  private int lastCount = -1;
  private int looks;

  Roots(Shapes shapes) {
    this.shapes = shapes;
  }

  /** All that were found so far. */
  List<Root> told() {
    return told;
  }

  /** Takes note of classes that are new, as far as the budget goes. */
  void update(Class<?>[] classes, Budget budget) {
    if (classes.length != lastCount || looks++ % LOOK_ANYWAY == 0) {
      lastCount = classes.length;
      for (Class<?> type : classes) {
        if (isWatched(type) && seen.put(type, true) == null) {
          waiting.add(new WeakReference<>(type));
        }
      }
      told.removeIf(root -> root.refersTo(null));
    }
    for (int left = waiting.size(); left > 0; left--) {
      if ((left & 15) == 0 && budget.isSpent()) {
        return;
      }
      WeakReference<Class<?>> reference = waiting.remove();
      Class<?> type = reference.get();
      if (type == null) {
        continue;
      }
      if (!shapes.reader().isInitialized(type)) {
        waiting.add(reference);
        continue;
      }
      List<Slot> statics = shapes.of(type).statics();
      if (!statics.isEmpty()) {
        told.add(new Root(type, statics));
      }
    }
  }

  private static boolean isWatched(Class<?> type) {
    return type.getClassLoader() != null
        && !type.isArray()
        && !Names.isJdk(type)
        && !type.isHidden()
        && !type.isSynthetic()
        && !Frames.isSelvage(type.getName());
  }
}
