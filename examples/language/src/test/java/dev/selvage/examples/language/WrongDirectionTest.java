package dev.selvage.examples.language;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/** Using a channel in the wrong direction does not compile, and the compiler says what is wrong. */
class WrongDirectionTest {
  private static final Path SOURCES = Path.of("src/test/resources/dev/selvage/examples/language");

  @Test
  void theWrongDirectionIsAnErrorAtEachOfItsLines() throws IOException {
    String source = Files.readString(SOURCES.resolve("WrongDirection.txt"));
    List<String> lines = source.lines().toList();
    List<String> expected =
        lines.stream()
            .filter(line -> line.contains("// "))
            .filter(line -> !line.contains("snippet") && !line.contains("// end"))
            .map(line -> lines.indexOf(line) + 1 + ": " + line.substring(line.indexOf("// ") + 3))
            .toList();
    assertEquals(3, expected.size());
    assertEquals(expected, errorsOf("WrongDirection", source));
  }

  @Test
  void theRightDirectionCompiles() throws IOException {
    String source =
        Files.readString(SOURCES.resolve("WrongDirection.txt"))
            .replace("out.receive()", "out.send(\"\")")
            .replace("in.send(\"back\")", "in.receive()")
            .replace("in.close()", "in.len()");
    assertEquals(List.of(), errorsOf("WrongDirection", source));
  }

  private static List<String> errorsOf(String name, String source) throws IOException {
    var compiler = ToolProvider.getSystemJavaCompiler();
    var diagnostics = new DiagnosticCollector<JavaFileObject>();
    Path output = Files.createTempDirectory("direction");
    try (var files = compiler.getStandardFileManager(diagnostics, Locale.ROOT, UTF_8)) {
      List<String> options =
          List.of(
              "-proc:none", "-d", output.toString(), "-cp", System.getProperty("java.class.path"));
      boolean unusedSuccess =
          compiler
              .getTask(null, files, diagnostics, options, null, List.of(new Source(name, source)))
              .call();
    } finally {
      Files.deleteIfExists(output.resolve(name + ".class"));
      Files.delete(output);
    }
    return diagnostics.getDiagnostics().stream()
        .filter(d -> d.getKind() == Diagnostic.Kind.ERROR)
        .map(WrongDirectionTest::lineAndSymbol)
        .toList();
  }

  /** As {@code 8: cannot find symbol: method receive()}. */
  private static String lineAndSymbol(Diagnostic<? extends JavaFileObject> error) {
    List<String> text = error.getMessage(Locale.ROOT).lines().map(String::strip).toList();
    return error.getLineNumber()
        + ": "
        + text.getFirst()
        + ": "
        + text.get(1).replaceFirst("symbol: +", "");
  }

  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    Source(String name, String text) {
      super(URI.create("string:///" + name + ".java"), Kind.SOURCE);
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }
}
