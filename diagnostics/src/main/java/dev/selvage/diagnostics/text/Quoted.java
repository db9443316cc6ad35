package dev.selvage.diagnostics.text;

import java.util.Locale;

/**
 * Texts in double quotes, in which nothing of the text can end the quotes, begin a line, steer a
 * terminal or get lost in an encoding: whatever is not printed is written as a number.
 */
public final class Quoted {
  /** How a character that is not printed is written. */
  private interface Numbered {
    void append(StringBuilder out, int codePoint);
  }

  private Quoted() {}

  /**
   * As JSON (RFC 8259). What JSON does not demand is written as a number, too, if it is not
   * printed; and so is {@code <}, for those who put the text into a page.
   */
  public static void json(StringBuilder out, String text) {
    quote(out, text, "<", Quoted::jsonNumber);
  }

  /** As Go quotes it ({@code strconv.Quote}). */
  public static String go(String text) {
    StringBuilder out = new StringBuilder(text.length() + 2);
    quote(out, text, "", Quoted::goNumber);
    return out.toString();
  }

  /** Without the quotes, and what could end them as it is: for a line that people read. */
  public static void bare(StringBuilder out, String text) {
    text.codePoints()
        .forEach(
            c -> {
              if (isPrintable(c)) {
                out.appendCodePoint(c);
              } else {
                jsonNumber(out, c);
              }
            });
  }

  private static void quote(StringBuilder out, String text, String besides, Numbered number) {
    out.append('"');
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          if (isPrintable(c) && besides.indexOf(c) < 0) {
            out.appendCodePoint(c);
          } else {
            number.append(out, c);
          }
        }
      }
    }
    out.append('"');
  }

  /** JSON knows UTF-16 only: a character beyond it has two numbers. */
  private static void jsonNumber(StringBuilder out, int c) {
    for (char unit : Character.toChars(c)) {
      out.append(hex("\\u%04x", unit));
    }
  }

  private static void goNumber(StringBuilder out, int c) {
    out.append(hex(c < 0x20 || c == 0x7F ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c));
  }

  private static String hex(String format, int c) {
    return String.format(Locale.ROOT, format, c);
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
