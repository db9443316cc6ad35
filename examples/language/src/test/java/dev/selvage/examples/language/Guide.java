package dev.selvage.examples.language;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A page of the documentation, and the code that it shows. Code blocks stand below a comment which
 * says where they come from:
 *
 * <ul>
 *   <li>{@code <!-- snippet: Worker.java#right -->}: what stands in that file between {@code //
 *       snippet: right} and {@code // end}, without its indentation;
 *   <li>{@code <!-- code: Worker.java#right -->}: the same, but laid out in another way;
 *   <li>{@code <!-- file: Shop.java -->}: a whole file, which a test takes from the page;
 *   <li>{@code <!-- output: Worker -->}: what the main class of that name prints;
 *   <li>{@code <!-- report: Worker -->}: what the agent reports when it ends.
 * </ul>
 */
final class Guide {
  private static final List<Path> SOURCES =
      List.of(
          Path.of("src/main/java/dev/selvage/examples/language"),
          Path.of("src/test/java/dev/selvage/examples/language"),
          Path.of("src/test/resources/dev/selvage/examples/language"),
          Path.of("src/test/go"));

  /** A fenced block with the line before it. */
  private static final Pattern BLOCK =
      Pattern.compile("(?m)(^.*\\R)?^```(\\w*)\\R((?:(?!```).*\\R)*?)^```$");

  private static final Pattern ORIGIN = Pattern.compile("<!-- (\\w+): (\\S+) -->\\s*");

  private final Path path;
  private final String text;

  private Guide(Path path, String text) {
    this.path = path;
    this.text = text;
  }

  /** Reads a page, named from the root of the repository. */
  static Guide of(String page) throws IOException {
    Path path = Path.of("../..").resolve(page);
    return new Guide(path, Files.readString(path));
  }

  /**
   * One block.
   *
   * @param kind {@code snippet}, {@code output} and so on; empty when no comment says where it
   *     comes from
   * @param origin what the comment names; empty without one
   * @param language of the fence; may be empty
   * @param start where the code starts in the page
   */
  record Block(String kind, String origin, String language, String code, int start) {}

  List<Block> blocks() {
    var blocks = new ArrayList<Block>();
    Matcher m = BLOCK.matcher(text);
    while (m.find()) {
      Matcher origin = ORIGIN.matcher(Objects.requireNonNullElse(m.group(1), ""));
      boolean known = origin.matches();
      blocks.add(
          new Block(
              known ? origin.group(1) : "",
              known ? origin.group(2) : "",
              m.group(2),
              m.group(3),
              m.start(3)));
    }
    return blocks;
  }

  /** The page with other code in its blocks, in the order of {@link #blocks()}; writes it. */
  void rewrite(List<String> codes) throws IOException {
    var out = new StringBuilder();
    int done = 0;
    List<Block> blocks = blocks();
    for (int i = 0; i < blocks.size(); i++) {
      Block block = blocks.get(i);
      out.append(text, done, block.start()).append(codes.get(i));
      done = block.start() + block.code().length();
    }
    out.append(text, done, text.length());
    Files.writeString(path, out);
  }

  /**
   * One row of the tables in which each name of Go stands beside ours.
   *
   * @param table what the head of its table says
   * @param go what stands in code in its first cell
   * @param ours what stands in code in its second cell
   */
  record Row(String table, List<String> go, List<String> ours) {}

  /** The rows of the section "Name by name". */
  List<Row> nameByName() {
    int from = text.indexOf("\n## Name by name\n");
    if (from < 0) {
      throw new IllegalArgumentException(path + " has no section Name by name");
    }
    var rows = new ArrayList<Row>();
    String table = "";
    for (String line : text.substring(from + 1).lines().skip(1).toList()) {
      if (line.startsWith("## ")) {
        break;
      }
      String[] cells = line.split("\\|", -1);
      if (cells.length == 4 && cells[2].strip().equals("here")) {
        table = cells[1].strip();
      } else if (cells.length == 4 && !line.startsWith("|---")) {
        rows.add(new Row(table, inCode(cells[1]), inCode(cells[2])));
      }
    }
    return rows;
  }

  private static List<String> inCode(String cell) {
    return Pattern.compile("`([^`]+)`").matcher(cell).results().map(m -> m.group(1)).toList();
  }

  @Override
  public String toString() {
    return path.toString();
  }

  // --------------- Where snippets come from ---------------

  /** The code of {@code Worker.java#right}. */
  static String snippet(String origin) throws IOException {
    String[] parts = origin.split("#", -1);
    if (parts.length != 2) {
      throw new IllegalArgumentException("a snippet is named File.java#name, not " + origin);
    }
    for (Path directory : SOURCES) {
      for (Path file : below(directory)) {
        if (file.endsWith(parts[0])) {
          return region(Files.readString(file), parts[1], file);
        }
      }
    }
    throw new IllegalArgumentException("no source file " + parts[0] + " in " + SOURCES);
  }

  /** All snippets that are marked in the sources, as {@code Worker.java#right}. */
  static List<String> marked() throws IOException {
    var found = new ArrayList<String>();
    for (Path directory : SOURCES) {
      for (Path file : below(directory)) {
        Files.readString(file)
            .lines()
            .map(String::strip)
            .filter(line -> line.startsWith("// snippet: "))
            .map(line -> file.getFileName() + "#" + line.substring("// snippet: ".length()))
            .forEach(found::add);
      }
    }
    return found;
  }

  private static List<Path> below(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(directory)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }

  private static String region(String source, String name, Path file) {
    List<String> lines = source.lines().toList();
    List<String> found = new ArrayList<>();
    boolean in = false;
    boolean seen = false;
    for (String line : lines) {
      String bare = line.strip();
      if (bare.equals("// snippet: " + name)) {
        if (seen) {
          throw new IllegalArgumentException(file + " has two snippets named " + name);
        }
        in = true;
        seen = true;
      } else if (in && bare.equals("// end")) {
        in = false;
      } else if (in && !bare.startsWith("// snippet: ")) {
        found.add(line);
      }
    }
    if (!seen || in) {
      throw new IllegalArgumentException(
          file + " has no line '// snippet: " + name + "' with an '// end' after it");
    }
    return String.join("\n", found).stripTrailing().stripIndent() + "\n";
  }
}
