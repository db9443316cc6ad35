package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import com.google.googlejavaformat.java.Formatter;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Every Java file of the repository looks as google-java-format makes it look. With {@code
 * -Dselvage.format=apply} the files are rewritten instead.
 */
final class FormattingTest {
  private static final String COMMAND =
      "mvn -pl verification -am test -Dtest=FormattingTest"
          + " -Dsurefire.failIfNoSpecifiedTests=false -Dselvage.format=apply";

  @Test
  void every_java_file_is_formatted() throws Exception {
    boolean apply = System.getProperty("selvage.format", "").equals("apply");
    var formatter = new Formatter();
    var wrong = new ArrayList<String>();
    List<Path> files = javaFiles();
    assertFalse(files.isEmpty(), "no Java file under " + Project.ROOT);
    for (Path file : files) {
      String source = Files.readString(file);
      String formatted = formatter.formatSourceAndFixImports(source);
      if (!formatted.equals(source)) {
        if (apply) {
          Files.writeString(file, formatted);
        } else {
          wrong.add(Project.ROOT.relativize(file).toString());
        }
      }
    }
    assertEquals(
        "", String.join("\n", wrong), "not formatted; this command formats them:\n  " + COMMAND);
  }

  @Test
  void the_formatter_minds() throws Exception {
    String careless = "class  A{int b ;}\n";
    assertNotEquals(careless, new Formatter().formatSourceAndFixImports(careless));
  }

  private static List<Path> javaFiles() throws IOException {
    var files = new ArrayList<Path>();
    Files.walkFileTree(
        Project.ROOT,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
            String name = dir.getFileName().toString();
            boolean skip = !isRoot(dir) && (name.equals("target") || name.startsWith("."));
            return skip ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (file.toString().endsWith(".java")) {
              files.add(file);
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return files;
  }

  private static boolean isRoot(Path directory) {
    return directory.equals(Project.ROOT);
  }
}
