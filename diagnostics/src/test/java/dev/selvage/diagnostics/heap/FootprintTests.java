package dev.selvage.diagnostics.heap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said of the memory that a dump takes. That it suffices is tested with large dumps. */
final class FootprintTests {
  private static final long MIB = 1 << 20;

  @Test
  void what_was_found_in_a_part_of_the_file_stands_for_the_whole() {
    var part = new Footprint();
    part.objects(1_000, 10, 0.25);
    assertEquals(Footprint.heapBytes(4_000, 12_000, 800, 40), part.heapBytes(), "a guess");
    part.objects(4_000, 40, 1);
    part.references(3_000, 200, 0.5);
    assertEquals(Footprint.heapBytes(4_000, 6_000, 400, 40), part.heapBytes());
  }

  @Test
  void nothing_read_is_nothing_known() {
    var nothing = new Footprint();
    nothing.objects(0, 0, 0);
    assertEquals(Footprint.heapBytes(0, 0, 0, 0), nothing.heapBytes());
  }

  @Test
  void a_dump_that_was_read_is_known_exactly(@TempDir Path directory) throws IOException {
    var dump = new DumpWriter(8);
    var main = dump.platform("main", "com.acme.Main.main:1");
    dump.local(main, 0, dump.array(main, main));
    Path file = dump.write(directory.resolve("a.hprof"));
    var footprint = new Footprint();
    HeapGraph graph = HeapGraph.load(file, _ -> {}, footprint);
    assertEquals(
        Footprint.heapBytes(graph.size(), graph.references(), 1, graph.threads().size()),
        footprint.heapBytes());
  }

  @Test
  void an_input_knows_how_much_of_the_file_it_has_read(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("zeros");
    Files.write(file, new byte[3 << 20]);
    try (var in = HprofInput.open(file)) {
      in.skip(2 << 20);
      assertTrue(in.share() > 0.66 && in.share() < 0.8, () -> in.share() + "");
      in.skip(1 << 20);
      assertEquals(1, in.share());
    }
  }

  @Test
  void the_message_is_one_line_and_suggests_more_than_there_is() {
    assertEquals(
        "it needs about 1,088 MiB of memory, and there are 512: give it some, with"
            + " JAVA_TOOL_OPTIONS=-Xmx1088m",
        new HeapMemoryException(1_030 * MIB, 512 * MIB).getMessage());
    assertEquals(
        "it needs about 768 MiB of memory, and there are 512: give it some, with"
            + " JAVA_TOOL_OPTIONS=-Xmx768m",
        new HeapMemoryException(100 * MIB, 512 * MIB).getMessage(),
        "an estimate that was too low");
  }

  @Test
  void what_is_cut_off_is_no_matter_of_memory(@TempDir Path directory) throws IOException {
    byte[] bytes = new DumpWriter(8).bytes();
    Path file = directory.resolve("a.hprof");
    Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
    assertThrows(HeapDumpException.class, () -> HeapGraph.load(file, _ -> {}, new Footprint()));
  }
}
