package dev.selvage.verification;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

/**
 * A line of source that a comment {@code // LEAK name} marks, or {@code // LINE name} where nothing
 * leaks, so that tests know no numbers.
 */
record Marker(String file, int line) {
  private static final Map<Path, List<String>> SOURCES = new ConcurrentHashMap<>();

  /** The line of the class's source file that carries this marker; there must be exactly one. */
  static Marker in(Class<?> type, String name) {
    return at(type, "// LEAK " + name);
  }

  /** The line with this marker at which nothing leaks. */
  static Marker line(Class<?> type, String name) {
    return at(type, "// LINE " + name);
  }

  private static Marker at(Class<?> type, String comment) {
    String path = type.getPackageName().replace('.', '/') + "/" + outermost(type) + ".java";
    for (String root : List.of("src/main/java", "src/test/java")) {
      Path source = Project.MODULE.resolve(root).resolve(path);
      if (Files.exists(source)) {
        return new Marker(source.getFileName().toString(), lineOf(source, comment));
      }
    }
    throw new AssertionError("no source of " + type);
  }

  boolean inFile(Frame frame) {
    return frame.file().equals(file);
  }

  boolean matches(Frame frame) {
    return inFile(frame) && frame.line() == line;
  }

  /** {@code Micro.java:12}. */
  String place() {
    return file + ":" + line;
  }

  private static int lineOf(Path source, String comment) {
    var lines = SOURCES.computeIfAbsent(source, Marker::lines);
    var at = IntStream.range(0, lines.size()).filter(i -> lines.get(i).endsWith(comment)).toArray();
    if (at.length != 1) {
      throw new AssertionError(source + " has " + at.length + " lines marked " + comment);
    }
    return at[0] + 1;
  }

  private static String outermost(Class<?> type) {
    Class<?> outer = type;
    while (outer.getEnclosingClass() != null) {
      outer = outer.getEnclosingClass();
    }
    return outer.getSimpleName();
  }

  private static List<String> lines(Path source) {
    try {
      return Files.readAllLines(source);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
