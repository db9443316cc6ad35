package dev.selvage.diagnostics.profile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.diagnostics.profile.FlameTree.Box;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Stacks as boxes. */
final class FlameTreeTests {
  @Test
  void callers_are_above_what_they_call_and_as_wide_as_all_of_it() {
    FlameTree tree = new FlameTree();
    tree.add(List.of("main", "b"), 3);
    tree.add(List.of("main", "a", "b"), 4);
    tree.add(List.of("main"), 1);
    tree.add(List.of("main", "b"), 2);
    tree.add(List.of("gone"), -1);
    tree.add(List.of("nothing"), 0);
    assertEquals(10, tree.total());
    assertEquals(1, tree.shrunk());
    assertEquals(
        List.of(
            new Box("all", -1, 0, 0, 10, 0),
            new Box("main", 0, 1, 0, 10, 1),
            new Box("a", 1, 2, 0, 4, 0),
            new Box("b", 1, 2, 4, 5, 5),
            new Box("b", 2, 3, 0, 4, 4)),
        tree.draw(100).boxes());
  }

  @Test
  void of_too_many_the_narrowest_are_left_out_with_what_they_call() {
    FlameTree tree = new FlameTree();
    Random random = new Random(1);
    for (int i = 0; i < 5_000; i++) {
      List<String> stack = new ArrayList<>();
      for (int depth = 0; depth < 6; depth++) {
        stack.add("f" + random.nextInt(20));
      }
      tree.add(stack, 1 + random.nextInt(50));
    }
    FlameTree.Drawing all = tree.draw(Integer.MAX_VALUE);
    FlameTree.Drawing some = tree.draw(500);
    assertTrue(all.boxes().size() > 500);
    assertTrue(some.boxes().size() <= 500, some.boxes().size() + " boxes");
    assertTrue(some.least() > all.least());
    assertFalse(some.tooDeep());
    for (int i = 1; i < some.boxes().size(); i++) {
      Box box = some.boxes().get(i);
      Box parent = some.boxes().get(box.parent());
      assertTrue(box.parent() < i, "callers come first");
      assertEquals(parent.depth() + 1, box.depth());
      assertTrue(box.left() >= parent.left());
      assertTrue(box.left() + box.value() <= parent.left() + parent.value());
      assertTrue(box.value() >= some.least());
    }
  }

  @Test
  void what_is_deeper_than_anybody_scrolls_is_left_out_and_said() {
    FlameTree tree = new FlameTree();
    List<String> stack = new ArrayList<>();
    for (int i = 0; i < 3_000; i++) {
      stack.add("f" + i);
    }
    tree.add(stack, 1);
    FlameTree.Drawing drawing = tree.draw(20_000);
    assertTrue(drawing.tooDeep());
    assertEquals(999, drawing.boxes().getLast().depth());
  }
}
