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
}
