package dev.selvage.examples.leaks;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.selvage.examples.leaks.CacheFixes.Row;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import org.junit.jupiter.api.Test;

class CacheFixesTest {
  @Test
  void eachFixKeepsWhatItsRowSays() throws Exception {
    assertEquals(
        List.of(
            new Row("a map (the leak)", 1000, 1000, 1000),
            new Row("weak keys: WeakHashMap", 1000, 10, 10),
            new Row("the same, value refers to key", 1000, 1000, 1000),
            new Row("Guava: expireAfterWrite", 1000, 1000, 0),
            new Row("Caffeine: expireAfterWrite", 1000, 1000, 0),
            new Row("a cleaner thread", 1000, 1000, 0),
            new Row("Caffeine: weakValues, expireAfterWrite", 1000, 10, 0)),
        CacheFixes.compare());
  }

  @Test
  void theTableHasAlignedColumns() {
    var out = new ByteArrayOutputStream();
    CacheFixes.print(List.of(new Row("a map", 1000, 10, 0)), new PrintStream(out, true, UTF_8));
    assertEquals(
        """
        entries kept by                            filled   let go  expired
        a map                                        1000       10        0
        """,
        out.toString(UTF_8).replace(System.lineSeparator(), "\n"));
  }
}
