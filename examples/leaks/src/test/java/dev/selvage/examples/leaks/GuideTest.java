package dev.selvage.examples.leaks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The guide shows code that is in the sources, and names every class. */
class GuideTest {
  private static final Path SOURCES = Path.of("src/main/java/dev/selvage/examples/leaks");
  private static final Pattern SNIPPET =
      Pattern.compile("<!-- (\\w+\\.java) -->\\R```java\\R(.*?)\\R```", Pattern.DOTALL);

  @ParameterizedTest
  @MethodSource("snippets")
  void everySnippetIsInTheFileItNames(String file, String code) throws IOException {
    String source = Files.readString(SOURCES.resolve(file));
    assertTrue(
        withoutSpace(source).contains(withoutSpace(code)),
        () -> file + " does not contain\n" + code);
  }

  @Test
  void everyBlockOfJavaNamesItsFile() throws IOException {
    assertEquals(guide().lines().filter("```java"::equals).count(), snippets().count());
  }

  @Test
  void everyExpectedLineIsShown() throws IOException {
    String guide = guide();
    for (Expected expected : Expected.all()) {
      assertTrue(guide.contains("// " + expected.marker() + "\n"), expected::toString);
    }
  }

  static Stream<String[]> snippets() throws IOException {
    return SNIPPET.matcher(guide()).results().map(GuideTest::fileAndCode);
  }

  private static String[] fileAndCode(MatchResult snippet) {
    return new String[] {snippet.group(1), snippet.group(2)};
  }

  private static String guide() throws IOException {
    return Files.readString(Path.of("../../docs/guide/leaks.md"));
  }

  private static String withoutSpace(String text) {
    return text.replaceAll("\\s+", "");
  }
}
