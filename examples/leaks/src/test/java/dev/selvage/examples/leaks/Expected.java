package dev.selvage.examples.leaks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * One line of {@code expected.txt}, with the line number that its marker stands on in the source.
 *
 * @param scenario 1 to 6
 * @param className the simple name of the class
 * @param marker the comment on the line that blocks or grows
 * @param line the number of that line
 */
record Expected(int scenario, String className, String marker, int line) {

  /** All of them, in the file's order. */
  static List<Expected> all() {
    try (var in = Expected.class.getResourceAsStream("expected.txt")) {
      String text = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
      return text.lines().map(Expected::parse).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** As it ends a frame or a site: {@code (AbandonedSender.java:57)}. */
  String at() {
    return "(" + className + ".java:" + line + ")";
  }

  private static Expected parse(String text) {
    String[] parts = text.split("\t", -1);
    if (parts.length != 3) {
      throw new IllegalArgumentException("not three columns: " + text);
    }
    return new Expected(Integer.parseInt(parts[0]), parts[1], parts[2], lineOf(parts[1], parts[2]));
  }

  private static int lineOf(String className, String marker) {
    Path source = Path.of("src/main/java/dev/selvage/examples/leaks").resolve(className + ".java");
    try {
      List<String> lines = Files.readAllLines(source);
      List<Integer> found =
          java.util.stream.IntStream.range(0, lines.size())
              .filter(i -> lines.get(i).endsWith("// " + marker))
              .mapToObj(i -> i + 1)
              .toList();
      if (found.size() != 1) {
        throw new IllegalStateException(
            source + " must have one line marked // " + marker + ", has " + found);
      }
      return found.getFirst();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
