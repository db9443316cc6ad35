package dev.selvage.diagnostics.text;

import java.util.Collection;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Values as JSON (RFC 8259): maps, collections, arrays of long, numbers, booleans, null, and the
 * text of everything else. A pure function; the same under every locale.
 */
public final class Json {
  private Json() {}

  /** A value on one line, ending in a line break. */
  public static String text(Map<String, ? extends @Nullable Object> root) {
    StringBuilder out = new StringBuilder(1024);
    write(out, root);
    return out.append('\n').toString();
  }

  private static void write(StringBuilder out, @Nullable Object value) {
    switch (value) {
      case null -> out.append("null");
      case Boolean b -> out.append(b.booleanValue());
      // JSON has no word for these.
      case Double d when !Double.isFinite(d) -> out.append("null");
      case Float f when !Float.isFinite(f) -> out.append("null");
      case Number n -> out.append(n);
      case Map<?, ?> map -> {
        char before = '{';
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          out.append(before);
          Quoted.json(out, String.valueOf(entry.getKey()));
          out.append(':');
          write(out, entry.getValue());
          before = ',';
        }
        out.append(map.isEmpty() ? "{}" : "}");
      }
      case Collection<?> list -> {
        char before = '[';
        for (Object element : list) {
          out.append(before);
          write(out, element);
          before = ',';
        }
        out.append(list.isEmpty() ? "[]" : "]");
      }
      case long[] numbers -> {
        char before = '[';
        for (long number : numbers) {
          out.append(before).append(number);
          before = ',';
        }
        out.append(numbers.length == 0 ? "[]" : "]");
      }
      default -> Quoted.json(out, value.toString());
    }
  }
}
