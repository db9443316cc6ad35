package dev.selvage.examples.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class WhichPTest {
  @Test
  void tenGoroutinesRunOnTwoPs() throws InterruptedException {
    Map<String, List<Integer>> ran = WhichP.run();
    assertEquals(10, ran.size());
    Set<Integer> ps = new HashSet<>();
    ran.forEach(
        (name, on) -> {
          assertTrue(on.size() >= 4, () -> name + " gave way three times, but ran " + on.size());
          ps.addAll(on);
        });
    assertTrue(Set.of(0, 1).containsAll(ps), ps::toString);
  }
}
