package dev.selvage.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.selvage.diagnostics.profile.StackProfile;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** How often the heap is walked. */
final class HeapLooksTests {
  @Test
  @DisplayName("one collection in three seconds, which is good for those that did not ask for one")
  void rests() throws Exception {
    AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);
    List<Boolean> walks = new ArrayList<>();
    HeapLooks looks =
        new HeapLooks(
            collect -> {
              walks.add(collect);
              return StackProfile.named("heap", "p", new StackProfile.Value("n", "count")).build();
            },
            nanos::get);
    StackProfile first = looks.look(false);
    assertSame(first, looks.look(false));
    StackProfile collected = looks.look(true);
    assertNotSame(first, collected);
    assertSame(collected, looks.look(true));
    assertSame(collected, looks.look(false));
    nanos.addAndGet(2_999_999_999L);
    assertSame(collected, looks.look(true));
    nanos.addAndGet(1);
    assertNotSame(collected, looks.look(true));
    assertEquals(List.of(false, true, true), walks);
  }

  @Test
  @DisplayName("what collects for itself has its turn, three seconds after whoever collected last")
  void turns() throws Exception {
    AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);
    List<Long> collections = new ArrayList<>();
    HeapLooks looks =
        new HeapLooks(
            collect -> {
              if (collect) {
                collections.add(nanos.get());
              }
              return StackProfile.named("heap", "p", new StackProfile.Value("n", "count")).build();
            },
            new HeapLooks.Clock() {
              @Override
              public long nanoTime() {
                return nanos.get();
              }

              @Override
              public void sleep(long time) {
                nanos.addAndGet(time);
              }
            });
    looks.awaitTurn();
    assertEquals(Long.MAX_VALUE - 5, nanos.get(), "the first waits for nobody");
    collections.add(nanos.get());
    looks.look(false);
    assertEquals(Long.MAX_VALUE - 5, nanos.get(), "who does not collect waits for nobody");
    looks.look(true);
    looks.awaitTurn();
    collections.add(nanos.get());
    looks.look(true);
    assertEquals(4, collections.size());
    for (int i = 1; i < collections.size(); i++) {
      assertEquals(3_000_000_000L, collections.get(i) - collections.get(i - 1));
    }
  }
}
