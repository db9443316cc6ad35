package dev.selvage.examples.leaks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The guide shows code that is in the sources, and names every class; what it shows of reports
 * names the lines that leak today.
 */
class GuideTest {
  private static final Path SOURCES = Path.of("src/main/java/dev/selvage/examples/leaks");
  private static final Path DOCS = Path.of("../../docs");
  private static final Path ALL_SIX = DOCS.resolve("guide/leaks.md");
  private static final Path SCENARIOS = DOCS.resolve("guide/scenarios");
  private static final Pattern SNIPPET =
      Pattern.compile("<!-- (\\w+\\.java) -->\\R```java\\R(.*?)\\R```", Pattern.DOTALL);
  private static final Pattern FINDING =
      Pattern.compile("^LEAK  .*?(?=^```|^$)", Pattern.DOTALL | Pattern.MULTILINE);
  private static final Pattern PLACE =
      Pattern.compile("^  (?:blocked|created|grows) at +(\\S+)$", Pattern.MULTILINE);
  private static final Pattern SEE = Pattern.compile("^  see +(\\S+)$", Pattern.MULTILINE);
  private static final Pattern PICTURE = Pattern.compile("!\\[[^]]+]\\(([^)]+\\.svg)\\)");
  private static final Pattern LINK = Pattern.compile("(?<!!)\\[[^]]+]\\(([^)#:]+)(?:#[^)]*)?\\)");

  @ParameterizedTest
  @MethodSource("snippets")
  void everySnippetIsInTheFileItNames(String file, String code) throws IOException {
    String source = Files.readString(SOURCES.resolve(file));
    assertTrue(
        withoutSpace(source).contains(withoutSpace(code)),
        () -> file + " does not contain\n" + code);
  }

  @ParameterizedTest
  @MethodSource("pages")
  void everyBlockOfJavaNamesItsFile(Path page) throws IOException {
    String text = Files.readString(page);
    assertEquals(
        text.lines().filter("```java"::equals).count(), SNIPPET.matcher(text).results().count());
  }

  @Test
  void everyExpectedLineIsShownWithItsReport() throws IOException {
    Map<Integer, Path> own = scenarios();
    for (Expected expected : Expected.all()) {
      Path page = own.get(expected.scenario());
      assertNotNull(page, expected::toString);
      String text = Files.readString(page);
      assertTrue(
          text.contains("// " + expected.marker() + "\n"),
          () -> page + " does not show the line of " + expected);
      assertTrue(
          findings(text).stream().anyMatch(finding -> place(finding).endsWith(expected.at())),
          () -> page + " shows no finding at the line of " + expected);
    }
  }

  @Test
  void theFindingsOfAPageSeeThatPage() throws IOException {
    for (Path page : scenarios().values()) {
      List<String> seen =
          SEE.matcher(Files.readString(page)).results().map(m -> m.group(1)).distinct().toList();
      assertEquals(List.of("docs/guide/scenarios/" + page.getFileName()), seen);
    }
  }

  @Test
  void everyScenarioHasAPageWithAPictureAndTheIndexKnowsIt() throws Exception {
    Map<Integer, Path> own = scenarios();
    assertEquals(List.of(1, 2, 3, 4, 5, 6), List.copyOf(own.keySet()));
    String index = Files.readString(SCENARIOS.resolve("README.md"));
    String allSix = Files.readString(ALL_SIX);
    for (Path page : own.values()) {
      assertTrue(index.contains("](" + page.getFileName() + ")"), page::toString);
      assertTrue(allSix.contains("](scenarios/" + page.getFileName() + ")"), page::toString);
      List<String> pictures =
          PICTURE.matcher(Files.readString(page)).results().map(m -> m.group(1)).toList();
      assertEquals(1, pictures.size(), page::toString);
      Path picture = SCENARIOS.resolve(pictures.getFirst());
      var svg = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(picture.toFile());
      assertEquals("svg", svg.getDocumentElement().getTagName());
      assertEquals(1, svg.getElementsByTagName("title").getLength(), picture::toString);
      assertTrue(Files.readString(picture).contains("prefers-color-scheme: dark"));
    }
  }

  @ParameterizedTest
  @MethodSource("pages")
  void everyLinkLeadsToAFile(Path page) throws IOException {
    for (MatchResult link : LINK.matcher(Files.readString(page)).results().toList()) {
      Path target = page.resolveSibling(link.group(1));
      assertTrue(Files.exists(target), () -> page + " links to " + target);
    }
  }

  static Stream<String[]> snippets() throws IOException {
    var snippets = new ArrayList<String[]>();
    for (Path page : pages().toList()) {
      SNIPPET
          .matcher(Files.readString(page))
          .results()
          .map(GuideTest::fileAndCode)
          .forEach(snippets::add);
    }
    return snippets.stream();
  }

  static Stream<Path> pages() throws IOException {
    return Stream.concat(
        Stream.of(ALL_SIX, SCENARIOS.resolve("README.md")), scenarios().values().stream());
  }

  /** The pages of the scenarios, by their number. */
  private static Map<Integer, Path> scenarios() throws IOException {
    var pages = new TreeMap<Integer, Path>();
    try (Stream<Path> files = Files.list(SCENARIOS)) {
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        if (name.matches("\\d-.+\\.md")) {
          pages.put(Integer.valueOf(name.substring(0, 1)), file);
        }
      }
    }
    return pages;
  }

  private static List<String> findings(String page) {
    return FINDING.matcher(page).results().map(MatchResult::group).toList();
  }

  private static String place(String finding) {
    return PLACE.matcher(finding).results().map(m -> m.group(1)).findFirst().orElse("");
  }

  private static String[] fileAndCode(MatchResult snippet) {
    return new String[] {snippet.group(1), snippet.group(2)};
  }

  private static String withoutSpace(String text) {
    return text.replaceAll("\\s+", "");
  }
}
