package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.selvage.diagnostics.heap.Footprint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * A large dump is judged in the memory that is stated for it, by the launcher as a user starts it.
 * With half of that the command says in one line how much it takes; and that suffices. {@code
 * -Dselvage.dump.bytes=4500000000} makes the dump that large.
 */
final class DumpMemoryIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long BYTES = Long.getLong("selvage.dump.bytes", 300L << 20);
  private static final long MEBIBYTE = 1 << 20;
  private static final Duration PATIENCE = Duration.ofMinutes(20);

  // An order of the program: how many bytes it takes in a dump, and in its heap.
  private static final int DUMPED = 190;
  private static final int HEAP = 136;
  private static final int OBJECTS = 4;
  private static final int REFERENCES = 8;

  /** What is there without any order. */
  private static final int OTHERS = 100_000;

  private static final int TRIES = 5;
  private static final int COPIES = 100;
  private static final int LEAKS = 5;
  private static final int THREADS = 1_500;
  private static final int LOCALS = 20;

  private static final Pattern SUGGESTED =
      Pattern.compile(
          "it needs about [0-9,]+ MiB of memory, and there are [0-9,]+: give it some, with"
              + " JAVA_TOOL_OPTIONS=(-Xmx[0-9]+m)");

  private final Path directory;

  DumpMemoryIT(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory) {
    this.directory = directory;
  }

  @Test
  void a_large_dump_fits_into_the_stated_memory_and_half_of_that_is_told_to_be_too_little()
      throws Exception {
    int orders = Math.toIntExact(BYTES / DUMPED);
    long stated =
        Footprint.heapBytes(
            (long) OBJECTS * orders + OTHERS,
            (long) REFERENCES * orders + OTHERS * 3L,
            THREADS * LOCALS,
            THREADS);
    Path dump = dump(orders);
    SelvageCommand.Result first = look(dump, xmx(stated));
    // A dump may be made while a thread of the JDK's own runs. Then nothing is proven from it.
    for (int i = 1; i < TRIES && first.code() == 0 && read(first).certain().isEmpty(); i++) {
      Files.delete(dump);
      dump = dump(orders);
      first = look(dump, xmx(stated));
    }
    assertAllFound(first);

    SelvageCommand.Result little = look(dump, xmx(stated / 2));
    assertEquals(4, little.code(), little.err());
    assertEquals("", little.out());
    assertFalse(little.err().contains("OutOfMemoryError"), little.err());
    assertFalse(little.err().contains("\tat "), little.err());
    String last = little.err().lines().toList().getLast();
    assertTrue(last.startsWith("selvage: " + dump + ": "), last);
    Matcher suggested = SUGGESTED.matcher(last);
    assertTrue(suggested.find(), last);
    assertAllFound(look(dump, suggested.group(1)));
  }

  /** A dump of a program with that many orders; the program has gone. */
  private Path dump(int orders) throws Exception {
    long heap = orders * (long) HEAP * 5 / 4 + 128 * MEBIBYTE;
    try (var target =
        Target.java()
            .collector("Parallel")
            .option(xmx(heap))
            .classPath(Project.testClasses())
            .start(
                directory,
                DumpedProgram.MAIN,
                Integer.toString(COPIES),
                Integer.toString(orders))) {
      target.await("ready", PATIENCE);
      Path dump = target.heapDump();
      long size = Files.size(dump);
      System.out.printf(Locale.ROOT, "a dump of %,d bytes, with %,d orders%n", size, orders);
      assertTrue(size > BYTES, size + " bytes");
      return dump;
    }
  }

  private SelvageCommand.Result look(Path dump, String heap) throws Exception {
    long begun = System.nanoTime();
    SelvageCommand.Result result =
        SelvageCommand.run(
            SelvageCommand.launcher(directory, heap, "leaks", dump.toString(), "--json"),
            directory.resolve("err"));
    System.out.printf(
        Locale.ROOT,
        "with %s: %d after %.1f s%n%s%n",
        heap,
        result.code(),
        (System.nanoTime() - begun) / 1e9,
        result.err());
    return result;
  }

  private static Look read(SelvageCommand.Result result) throws IOException {
    return Look.of(JSON.readTree(result.out()));
  }

  private static void assertAllFound(SelvageCommand.Result result) throws Exception {
    assertEquals(0, result.code(), result.err());
    Look look = read(result);
    look.assertSound();
    List<Look.Found> certain = look.certain();
    assertEquals(
        LEAKS * COPIES,
        certain.stream().mapToInt(Look.Found::count).sum(),
        () -> look.root().toPrettyString());
    for (Look.Found found : certain) {
      assertTrue(found.names().getFirst().startsWith("leaked "), found.toString());
    }
  }

  private static String xmx(long bytes) {
    return "-Xmx" + (bytes + MEBIBYTE - 1) / MEBIBYTE + "m";
  }
}
