package dev.selvage.examples.language;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Go that the guide shows is compiled, vetted and run, where Go 1.25 or newer is there. */
class GoGuideTest {
  private static final Path SOURCES = Path.of("src/test/go");

  /** In what {@code go doc -all} prints: texts are indented there, declarations are not. */
  private static final Pattern EXPORTED =
      Pattern.compile("(?m)^(?:type|func(?: \\([^)]*\\))?) ([A-Z]\\w*)");

  private static final Set<String> OF_TIME =
      Set.of(
          "After",
          "AfterFunc",
          "NewTicker",
          "NewTimer",
          "Now",
          "Reset",
          "Since",
          "Sleep",
          "Stop",
          "Tick",
          "Ticker",
          "Timer",
          "Until");

  /** Of the runtime: stacks as values, cgo, versions, errors, records of profiles. */
  private static final Set<String> OTHER_OF_RUNTIME =
      Set.of(
          "BlockProfileRecord",
          "Breakpoint",
          "CallersFrames",
          "Entry",
          "Error",
          "FileLine",
          "Frame",
          "Frames",
          "Func",
          "FuncForPC",
          "GOROOT",
          "InUseBytes",
          "InUseObjects",
          "MemProfileRecord",
          "MemStats",
          "Name",
          "Next",
          "NumCgoCall",
          "PanicNilError",
          "Pin",
          "Pinner",
          "RuntimeError",
          "SetCgoTraceback",
          "StackRecord",
          "Stop", // of a Cleanup
          "TypeAssertionError",
          "Unpin",
          "Version");

  @Test
  void theGoOfTheGuideCompilesAndRuns(@TempDir Path directory) throws Exception {
    needsGo(directory);
    Ended test = run(directory, SOURCES, "go", "test", "-vet=all", "./...");
    assertEquals(0, test.code(), test.output());
  }

  @Test
  void whatIsNotInGosStandardLibraryCompilesAndRuns(@TempDir Path directory) throws Exception {
    needsGo(directory);
    Path sources = needsXSync(directory);
    Ended test = run(directory, sources, "go", "test", "-vet=all", "./...");
    assertEquals(0, test.code(), test.output());
  }

  @Test
  void everyNameOfGosPackagesStandsInTheGuide(@TempDir Path directory) throws Exception {
    needsGo(directory);
    var missing = new TreeSet<String>();
    missing.addAll(missing(directory, SOURCES, "sync", "sync"));
    missing.addAll(missing(directory, SOURCES, "sync/atomic", "sync/atomic"));
    missing.addAll(missing(directory, SOURCES, "context", "context"));
    missing.addAll(missing(directory, SOURCES, "time", "time"));
    missing.addAll(missing(directory, SOURCES, "runtime", "runtime"));
    missing.addAll(missing(directory, SOURCES, "runtime/pprof", "runtime/pprof"));
    missing.addAll(missing(directory, SOURCES, "runtime/trace", "runtime/trace"));
    missing.addAll(missing(directory, SOURCES, "os/signal", "os/signal"));
    missing.addAll(missing(directory, SOURCES, "testing/synctest", "testing"));
    assertEquals(Set.of(), missing);
  }

  @Test
  void everyNameBesideGosStandardLibraryStandsInTheGuide(@TempDir Path directory) throws Exception {
    needsGo(directory);
    Path sources = needsXSync(directory);
    var missing = new TreeSet<String>();
    for (String name : List.of("errgroup", "semaphore", "singleflight")) {
      String module = "golang.org/x/sync";
      missing.addAll(missing(directory, sources, module + "/" + name, module));
    }
    assertEquals(Set.of(), missing);
  }

  /** What a package exports and its table in the guide does not name. */
  private static Set<String> missing(Path directory, Path where, String name, String table)
      throws Exception {
    Ended doc = run(directory, where, "go", "doc", "-all", name);
    assertEquals(0, doc.code(), doc.output());
    Set<String> exported = exported(doc.output());
    assertTrue(exported.size() > 1, doc.output());
    Set<String> shown =
        Guide.of("docs/guide/go-to-selvage.md").nameByName().stream()
            .filter(row -> row.table().equals(table))
            .flatMap(row -> row.go().stream())
            .flatMap(code -> Stream.of(code.split("\\W+")))
            .collect(Collectors.toSet());
    return exported.stream()
        .filter(each -> !shown.contains(each))
        .filter(each -> !isOfOtherThings(name, each))
        .map(each -> name + "." + each)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Types, functions and methods. */
  private static Set<String> exported(String doc) {
    return EXPORTED.matcher(doc).results().map(m -> m.group(1)).collect(Collectors.toSet());
  }

  /** What has nothing to do with goroutines. */
  private static boolean isOfOtherThings(String name, String exported) {
    return switch (name) {
      case "runtime" -> OTHER_OF_RUNTIME.contains(exported);
      case "time" -> !OF_TIME.contains(exported);
      // for those without types of their own there is one row
      case "sync/atomic" -> exported.matches("[A-Z]\\w*[a-z](Int|Uint|Pointer|Uintptr)(32|64)?");
      // an interface that errors have, and how a panic is passed on
      case "golang.org/x/sync/errgroup" -> Set.of("PanicError", "PanicValue").contains(exported);
      default -> Set.of("Error", "String", "Unwrap").contains(exported);
    };
  }

  private static void needsGo(Path directory) throws Exception {
    try {
      Ended version = run(directory, SOURCES, "go", "version");
      assumeTrue(version.code() == 0, version.output());
    } catch (IOException e) {
      abort("the Go of the guide is not checked, as there is no go here: " + e.getMessage());
    }
  }

  private static Path needsXSync(Path directory) throws Exception {
    Path sources = SOURCES.resolve("xsync");
    Ended download = run(directory, sources, "go", "mod", "download");
    if (download.code() != 0) {
      abort("golang.org/x/sync cannot be had here: " + download.output());
    }
    return sources;
  }

  private record Ended(int code, String output) {}

  private static Ended run(Path directory, Path where, String... command) throws Exception {
    Path output = Files.createTempFile(directory, "go", ".txt");
    var builder =
        new ProcessBuilder(new ArrayList<>(List.of(command)))
            .directory(where.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder.environment().put("GOTOOLCHAIN", "local");
    builder.environment().put("GOWORK", "off");
    Process process = builder.start();
    try {
      assertTrue(
          process.waitFor(5, TimeUnit.MINUTES), () -> String.join(" ", command) + " does not end");
    } finally {
      process.destroyForcibly();
    }
    return new Ended(process.exitValue(), Files.readString(output));
  }
}
