package dev.selvage.diagnostics.profile;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Stacks added up to a tree, for flame graphs: callers are above what they call, and a box is as
 * wide as all that is below it. Not thread-safe.
 */
public final class FlameTree {
  /** A box that is narrower than this part of the whole is not seen. */
  private static final int PARTS = 10_000;

  /** Deeper than that nobody scrolls. */
  private static final int MOST_ROWS = 1_000;

  private static final class Node {
    final String name;
    long value;
    long self;
    final Map<String, Node> children = new TreeMap<>();

    Node(String name) {
      this.name = name;
    }
  }

  /**
   * A box of the graph.
   *
   * @param name the function; {@code all} for the first
   * @param parent where its caller is in the list, which is before it; -1 for the first
   * @param left what is to the left of it, in the unit of the value
   * @param value its width
   * @param self what of that is spent in it, and not in what it calls
   */
  public record Box(String name, int parent, int depth, long left, long value, long self) {}

  /**
   * What is worth being drawn.
   *
   * @param boxes row by row, each from left to right
   * @param least what is narrower is left out
   * @param tooDeep whether calls were left out that are deeper than a reader scrolls
   */
  public record Drawing(List<Box> boxes, long least, boolean tooDeep) {}

  private final Node root = new Node("all");
  private int shrunk;

  /** One without stacks. */
  public FlameTree() {}

  /**
   * Adds a stack.
   *
   * @param rootFirst the functions, the outermost caller first
   * @param value how much; what is not positive is only counted
   */
  public void add(List<String> rootFirst, long value) {
    if (value <= 0) {
      shrunk += value < 0 ? 1 : 0;
      return;
    }
    Node at = root;
    at.value += value;
    for (String function : rootFirst) {
      at = at.children.computeIfAbsent(function, Node::new);
      at.value += value;
    }
    at.self += value;
  }

  /** The function of a frame, as all profiles name it: {@code com.acme.Order.quote}. */
  public static String function(StackTraceElement frame) {
    return Frame.of(frame).function();
  }

  /** All there is. */
  public long total() {
    return root.value;
  }

  /** How many stacks became fewer, and so cannot be drawn. */
  public int shrunk() {
    return shrunk;
  }

  /** The boxes, of which the narrowest are left out where there are more than {@code most}. */
  public Drawing draw(int most) {
    long least = Math.max(1, root.value / PARTS);
    Drawing drawing = boxes(least);
    while (drawing.boxes.size() > most) {
      least *= 2;
      drawing = boxes(least);
    }
    return drawing;
  }

  private record Open(Node node, int parent, int depth, long left) {}

  private Drawing boxes(long least) {
    List<Box> boxes = new ArrayList<>();
    boolean tooDeep = false;
    Deque<Open> row = new ArrayDeque<>(List.of(new Open(root, -1, 0, 0)));
    while (!row.isEmpty()) {
      Open open = row.remove();
      Node node = open.node;
      int index = boxes.size();
      boxes.add(new Box(node.name, open.parent, open.depth, open.left, node.value, node.self));
      long left = open.left;
      for (Node child : node.children.values()) {
        if (child.value >= least) {
          if (open.depth + 1 < MOST_ROWS) {
            row.add(new Open(child, index, open.depth + 1, left));
          } else {
            tooDeep = true;
          }
        }
        left += child.value;
      }
    }
    return new Drawing(List.copyOf(boxes), least, tooDeep);
  }
}
