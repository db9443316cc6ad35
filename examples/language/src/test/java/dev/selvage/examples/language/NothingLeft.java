package dev.selvage.examples.language;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.GoroutineInfo;
import dev.selvage.diagnostics.Leaks.Mode;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.prover.Prover;
import dev.selvage.observe.WaitReason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Lets no test leave a goroutine behind, nor an exception that nobody caught, unless the test says
 * so: then each must be there. Tests must not run side by side.
 */
final class NothingLeft implements BeforeEachCallback, AfterEachCallback {
  private static final Path SOURCES = Path.of("src/main/java/dev/selvage/examples/language");
  private static final Prover PROVER = Prover.ofThisJvm();

  private final Duration patience;
  private final BlockingQueue<Throwable> uncaught = new LinkedBlockingQueue<>();
  private final Set<Long> known = new HashSet<>();
  private Thread.@Nullable UncaughtExceptionHandler before;

  NothingLeft() {
    this(Duration.ofSeconds(20));
  }

  /**
   * Creates one with another patience.
   *
   * @param patience how long it waits for what must come
   */
  NothingLeft(Duration patience) {
    this.patience = patience;
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    begin();
  }

  @Override
  public void afterEach(ExtensionContext context) throws InterruptedException {
    end();
  }

  void begin() {
    PROVER.goroutines().forEach(g -> known.add(g.id()));
    before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler((thread, e) -> uncaught.add(e));
  }

  void end() throws InterruptedException {
    try {
      long deadline = deadline();
      List<GoroutineInfo> left = left();
      while (!left.isEmpty() && System.nanoTime() < deadline) {
        Thread.sleep(5);
        left = left();
      }
      assertEquals(List.of(), left, "goroutines left");
      assertEquals(List.of(), List.copyOf(uncaught), "exceptions that nobody caught");
    } finally {
      Thread.setDefaultUncaughtExceptionHandler(before);
      known.clear();
      uncaught.clear();
    }
  }

  private List<GoroutineInfo> left() {
    return PROVER.goroutines().stream().filter(g -> !known.contains(g.id())).toList();
  }

  /** The next exception that a goroutine did not catch; fails when none comes. */
  Throwable uncaught() throws InterruptedException {
    Throwable e = uncaught.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
    return e != null ? e : fail("no goroutine ended with an exception");
  }

  /**
   * Asserts that so many goroutines of this test are proven to leak at the marked line, for that
   * reason, and excuses them from having to end.
   *
   * @param marker the comment that the line ends with
   */
  void proven(Class<?> example, String marker, WaitReason reason, int count)
      throws IOException, InterruptedException {
    String at = at(example, marker);
    long deadline = deadline();
    Report report = PROVER.find(Mode.NOW);
    List<GoroutineInfo> leaked = leakedAt(at);
    while (leaked.size() < count && System.nanoTime() < deadline) {
      Thread.sleep(20);
      report = PROVER.find(Mode.NOW);
      leaked = leakedAt(at);
    }
    String text = at + " of " + left() + "\n" + report;
    assertEquals(count, leaked.size(), text);
    leaked.forEach(g -> assertEquals(reason, g.waitReason(), text));
    assertTrue(report.findings().stream().anyMatch(f -> isProven(f, at, reason)), text);
    leaked.forEach(g -> known.add(g.id()));
  }

  private static boolean isProven(Finding finding, String at, WaitReason reason) {
    String site = finding.details().site();
    return finding instanceof Finding.Proven
        && finding.details().kind().equals(reason.text())
        && site != null
        && site.endsWith(at);
  }

  /** The first frame of the example is at that line; what is above it is Selvage and the JDK. */
  private List<GoroutineInfo> leakedAt(String at) {
    return PROVER.leaked().stream()
        .filter(g -> !known.contains(g.id()))
        .filter(
            g ->
                g.stack().stream()
                    .filter(frame -> frame.getClassName().startsWith("dev.selvage.examples."))
                    .findFirst()
                    .filter(frame -> frame.toString().endsWith(at))
                    .isPresent())
        .toList();
  }

  /** As it ends a frame or a site: {@code (UnbufferedQueue.java:17)}. */
  private static String at(Class<?> example, String marker) throws IOException {
    String file = example.getSimpleName() + ".java";
    List<String> lines = Files.readAllLines(SOURCES.resolve(file));
    List<Integer> found =
        IntStream.range(0, lines.size())
            .filter(i -> lines.get(i).endsWith("// " + marker))
            .mapToObj(i -> i + 1)
            .toList();
    assertEquals(1, found.size(), () -> file + " must have one line marked // " + marker);
    return "(" + file + ":" + found.getFirst() + ")";
  }

  private long deadline() {
    return System.nanoTime() + patience.toNanos();
  }
}
