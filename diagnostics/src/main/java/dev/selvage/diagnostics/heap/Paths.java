package dev.selvage.diagnostics.heap;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Paths as a person reads them: by which field of which class. Reads the dump twice more. */
public final class Paths {
  private static final int MAX_ELEMENTS = 1 << 20;

  private Paths() {}

  /** The texts of paths, one line a step, from the root on. */
  public static List<List<String>> describe(HeapGraph graph, List<List<Liveness.Step>> paths)
      throws IOException {
    Map<Integer, Set<Integer>> children = new HashMap<>();
    for (List<Liveness.Step> path : paths) {
      for (int i = 0; i + 1 < path.size(); i++) {
        if (path.get(i).object() >= 0 && path.get(i + 1).object() >= 0) {
          children
              .computeIfAbsent(path.get(i).object(), _ -> new HashSet<>())
              .add(path.get(i + 1).object());
        }
      }
    }
    Map<Long, String> fields = children.isEmpty() ? Map.of() : fields(graph, children);
    List<List<String>> texts = new ArrayList<>();
    for (List<Liveness.Step> path : paths) {
      texts.add(text(graph, path, fields));
    }
    return texts;
  }

  private static List<String> text(
      HeapGraph graph, List<Liveness.Step> path, Map<Long, String> fields) {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < path.size(); i++) {
      Liveness.Step step = path.get(i);
      if (step.object() < 0) {
        if (step.text() != null) {
          lines.add(step.text());
        }
        continue;
      }
      Liveness.Step next = i + 1 < path.size() ? path.get(i + 1) : null;
      if (next == null || next.object() < 0) {
        lines.add(graph.className(step.object()));
        continue;
      }
      String field = fields.get(key(step.object(), next.object()));
      lines.add(field == null ? graph.className(step.object()) : field);
    }
    return lines;
  }

  private static long key(int parent, int child) {
    return (long) parent << 32 | child;
  }

  /** What the reference from each parent to each child is called. */
  private static Map<Long, String> fields(HeapGraph graph, Map<Integer, Set<Integer>> children)
      throws IOException {
    Map<Integer, Long> ids = new HashMap<>();
    Set<Integer> wanted = new HashSet<>();
    children.values().forEach(wanted::addAll);
    HprofReader.read(
        graph.file,
        new HeapGraph.Counting() {
          @Override
          void at(int number, long id, int length, HprofInput in, int width) throws IOException {
            if (wanted.contains(number)) {
              ids.put(number, id);
            }
            in.skip((long) length * width);
          }

          @Override
          void atClass(int number, long id) {
            if (wanted.contains(number)) {
              ids.put(number, id);
            }
          }
        });
    Map<Long, String> fields = new HashMap<>();
    HprofReader.read(
        graph.file,
        new HeapGraph.Counting() {
          @Override
          void at(int number, long id, int length, HprofInput in, int width) throws IOException {
            Set<Integer> of = children.get(number);
            if (of == null || (width > 1 && length > MAX_ELEMENTS)) {
              in.skip((long) length * width);
            } else if (width == in.idSize()) {
              for (int i = 0; i < length; i++) {
                long value = in.id();
                for (int child : of) {
                  if (ids.getOrDefault(child, 0L) == value) {
                    fields.putIfAbsent(key(number, child), element(graph, number, i));
                  }
                }
              }
            } else {
              byte[] bytes = new byte[length * width];
              in.read(bytes, bytes.length);
              fieldsOf(graph, number, bytes, of, ids, fields);
            }
          }
        });
    for (var entry : children.entrySet()) {
      int c = graph.classOf[entry.getKey()];
      if (c < 0) {
        for (HeapClass.Field f : graph.classes[-1 - c].statics) {
          for (int child : entry.getValue()) {
            if (f.type() == HprofReader.OBJECT && f.value() == ids.getOrDefault(child, 0L)) {
              fields.putIfAbsent(
                  key(entry.getKey(), child),
                  "static " + HeapGraph.dotted(graph.classes[-1 - c].name) + "." + f.name());
            }
          }
        }
      }
    }
    return fields;
  }

  private static String element(HeapGraph graph, int array, int index) {
    String name = graph.className(array);
    return (name.endsWith("[]") ? name.substring(0, name.length() - 2) : name) + "[" + index + "]";
  }

  private static void fieldsOf(
      HeapGraph graph,
      int number,
      byte[] bytes,
      Set<Integer> children,
      Map<Integer, Long> ids,
      Map<Long, String> fields) {
    int c = graph.classOf[number];
    HeapClass.Ref[] refs = c < 0 ? null : graph.classes[c].refs;
    if (refs == null) {
      return;
    }
    for (HeapClass.Ref ref : refs) {
      long value = 0;
      for (int i = 0; i < graph.idSize && ref.offset() + i < bytes.length; i++) {
        value = (value << 8) | (bytes[ref.offset() + i] & 0xff);
      }
      for (int child : children) {
        if (value != 0 && ids.getOrDefault(child, 0L) == value) {
          fields.putIfAbsent(
              key(number, child), HeapGraph.dotted(graph.classes[c].name) + "." + ref.name());
        }
      }
    }
  }
}
