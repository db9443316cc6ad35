package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.verification.kernels.Leak;
import dev.selvage.verification.kernels.Table;
import dev.selvage.verification.kernels.Table.Mode;
import dev.selvage.verification.kernels.Table.Row;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The table of kernels and the programs belong together. */
final class KernelsTest {
  /** What is not as it is described, and why. */
  private static final Map<String, String> NOT_AS_DESCRIBED =
      Map.of(
          "SpawnGC",
          "five nodes ask for a collection; in Go each takes a leak profile, but here looks come"
              + " from outside and one at a time, and one is taken while the tree grows");

  @Test
  void every_row_has_its_program_and_every_program_its_row() {
    assertEquals(
        new TreeSet<>(Table.rows().stream().map(Row::name).toList()),
        new TreeSet<>(Table.programs().stream().map(Class::getSimpleName).toList()));
    assertEquals(Table.rows().size(), Table.programs().size(), "none twice");
  }

  @Test
  void the_table_is_complete() {
    assertEquals(
        Map.of("micro", 14L, "pattern", 6L, "stress", 2L, "goker", 32L),
        Table.rows().stream().collect(Collectors.groupingBy(Row::suite, Collectors.counting())));
  }

  @Test
  void all_but_the_controls_say_what_they_leak_by_words_that_are_gos() {
    var reasons = new TreeMap<String, Set<String>>();
    for (Row row : Table.rows()) {
      Leak[] leaks = row.program().getAnnotationsByType(Leak.class);
      assertEquals(row.mode() == Mode.CONTROL, leaks.length == 0, row.name());
      for (Leak leak : leaks) {
        reasons.computeIfAbsent(leak.reason(), _ -> new TreeSet<>()).add(row.name());
      }
    }
    assertEquals(
        Set.of(
            "chan receive",
            "chan receive (nil chan)",
            "chan send",
            "chan send (nil chan)",
            "select",
            "select (no cases)",
            "sync.Cond.Wait",
            "sync.Mutex.Lock",
            "sync.RWMutex.Lock",
            "sync.RWMutex.RLock",
            "sync.WaitGroup.Wait"),
        reasons.keySet());
  }

  @Test
  void a_rate_asks_for_as_many_runs_as_go_needed() {
    Row row = row("Moby4951");
    assertEquals(7, row.go().of(10));
    assertEquals(0, row.go().of(1));
    assertEquals(10, row("Etcd6857").go().of(10));
    assertEquals(1, row("NilRecv").go().of(1));
    assertEquals(0, row("DaisyChain").go().of(10));
  }

  @Test
  void what_is_not_as_described_is_in_the_table() {
    NOT_AS_DESCRIBED.forEach(
        (name, why) -> {
          assertTrue(Table.rows().stream().anyMatch(row -> row.name().equals(name)), name);
          assertFalse(why.isEmpty());
        });
  }

  private static Row row(String name) {
    return Table.rows().stream().filter(r -> r.name().equals(name)).findFirst().orElseThrow();
  }
}
