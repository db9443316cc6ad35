package dev.selvage.diagnostics.profile;

import java.util.Locale;

/** Texts as Go quotes them ({@code strconv.Quote}). */
final class Quoted {
  private Quoted() {}

  /** In Go's double quotes, so that a name can neither end the quotes nor begin a line. */
  static String of(String text) {
    StringBuilder out = new StringBuilder(text.length() + 2).append('"');
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                  if (c < 0x20 || c == 0x7F) {
                    out.append(String.format(Locale.ROOT, "\\x%02x", c));
                  } else if (isPrintable(c)) {
                    out.appendCodePoint(c);
                  } else if (c < 0x10000) {
                    out.append(String.format(Locale.ROOT, "\\u%04x", c));
                  } else {
                    out.append(String.format(Locale.ROOT, "\\U%08x", c));
                  }
                }
              }
            });
    return out.append('"').toString();
  }

  private static boolean isPrintable(int c) {
    return c == ' '
        || switch (Character.getType(c)) {
          case Character.CONTROL,
              Character.FORMAT,
              Character.SURROGATE,
              Character.PRIVATE_USE,
              Character.UNASSIGNED,
              Character.LINE_SEPARATOR,
              Character.PARAGRAPH_SEPARATOR,
              Character.SPACE_SEPARATOR ->
              false;
          default -> true;
        };
  }
}
