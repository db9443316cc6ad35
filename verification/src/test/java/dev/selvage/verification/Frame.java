package dev.selvage.verification;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A line of a stack as reports and thread dumps write it: {@code
 * java.base/java.lang.Thread.run(Thread.java:1)}.
 *
 * @param line 0 where none is given
 */
record Frame(String className, String method, String file, int line) {
  private static final Pattern TEXT =
      Pattern.compile("(?:[^/(]*/)*([^/(]+)\\.([^.(]+)\\(([^:)]*)(?::(\\d+))?\\)");

  /** Reads one. Empty for text that is no frame. */
  static Optional<Frame> parse(String text) {
    Matcher m = TEXT.matcher(text.strip());
    if (!m.matches()) {
      return Optional.empty();
    }
    int line = m.group(4) == null ? 0 : Integer.parseInt(m.group(4));
    return Optional.of(new Frame(m.group(1), m.group(2), m.group(3), line));
  }

  /** {@code Micro.java:12}. */
  String place() {
    return file + ":" + line;
  }
}
