package dev.selvage.cli;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What {@code selvage doctor} has found out, line by line. Not thread-safe. */
final class Checkup {
  /** How a thing is. */
  enum State {
    /** As it should be. */
    OK,
    /** Something that it is good to know. */
    NOTE,
    /** Something that is not possible here. */
    PROBLEM
  }

  /**
   * A line.
   *
   * @param what it is about, as {@code proof}
   * @param said how it is
   * @param remedy what to do about it; null where there is nothing to do
   */
  record Line(State state, String what, String said, @Nullable String remedy) {}

  private final List<Line> lines = new ArrayList<>();

  void ok(String what, String said) {
    lines.add(new Line(State.OK, what, said, null));
  }

  void note(String what, String said, @Nullable String remedy) {
    lines.add(new Line(State.NOTE, what, said, remedy));
  }

  void problem(String what, String said, @Nullable String remedy) {
    lines.add(new Line(State.PROBLEM, what, said, remedy));
  }

  List<Line> lines() {
    return List.copyOf(lines);
  }

  private static String word(State state) {
    return switch (state) {
      case OK -> "ok";
      case NOTE -> "note";
      case PROBLEM -> "problem";
    };
  }

  /** A table, in which each remedy has a line of its own. */
  String text() {
    List<List<String>> rows = new ArrayList<>();
    for (Line line : lines) {
      rows.add(List.of(word(line.state), line.what, Amounts.harmless(line.said)));
      if (line.remedy != null) {
        rows.add(List.of("", "", "-> " + Amounts.harmless(line.remedy)));
      }
    }
    return Table.render(rows, 0);
  }

  /** The same as JSON. */
  String json(@Nullable String target) {
    ObjectNode root = new JsonMapper().createObjectNode().put("schema", "selvage.checkup/1");
    root.put("target", target);
    var list = root.putArray("checks");
    for (Line line : lines) {
      list.addObject()
          .put("state", word(line.state))
          .put("what", line.what)
          .put("said", line.said)
          .put("remedy", line.remedy);
    }
    return root.toString();
  }
}
