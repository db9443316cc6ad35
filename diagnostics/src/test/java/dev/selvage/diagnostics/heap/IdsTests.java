package dev.selvage.diagnostics.heap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Objects are found by their identifiers, and nothing else is, however these lie. */
final class IdsTests {
  @ParameterizedTest
  @CsvSource({
    "1,      8,  0x1000",
    "1000,   8,  0x1000", // close together
    "200000, 8,  0x7f0000000000", // more than a piece, from above 4 GiB on
    "200000, 80000, 0x600000000", // nearly 16 GiB
    "200000, 160000, 0x600000000", // nearly 32 GiB: just fits
    "200000, 200000, 0x600000000", // more than 32 GiB
    "1000,   1099511627776, 0x10", // all over the place
    "100000, 1,  0x1000", // odd ones, as in no JVM
    "100000, 30000, 0x1001", // the same low bits, but not zeros
    "100000, 50001, 0x1000" // odd ones, and more than 4 GiB
  })
  void whatever_was_added_is_found_by_its_number(int count, long apart, String least) {
    var random = new Random(count + apart);
    var ids = new Ids();
    Map<Long, Integer> known = new HashMap<>();
    long[] all = new long[count];
    for (int i = 0; i < count; i++) {
      all[i] = Long.decode(least) + i * apart;
    }
    for (int i = count - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      long one = all[i];
      all[i] = all[j];
      all[j] = one;
    }
    for (int i = 0; i < count; i++) {
      ids.add(all[i]);
      known.put(all[i], i);
    }
    ids.freeze();
    assertEquals(count, ids.size());
    assertEquals((count - 1) * apart, ids.span());
    for (long id : all) {
      assertEquals(known.get(id), ids.find(id));
      for (long beside : new long[] {id - 1, id + 1, id - 8, id + 8, id ^ (1L << 40)}) {
        assertEquals(known.getOrDefault(beside, -1), ids.find(beside));
      }
    }
    assertEquals(-1, ids.find(0));
    assertEquals(-1, ids.find(-1));
    assertEquals(-1, ids.find(Long.MAX_VALUE));
  }

  @Test
  void nothing_is_found_where_nothing_is() {
    var ids = new Ids();
    ids.freeze();
    assertEquals(-1, ids.find(0));
    assertEquals(0, ids.span());
  }

  @Test
  void a_queue_gives_what_it_got_in_that_order() {
    var queue = new IntQueue();
    int added = 0;
    int taken = 0;
    for (int round = 0; round < 100; round++) {
      for (int i = 0; i < 4096 + round; i++) {
        queue.add(added++);
      }
      while (taken < added - round) {
        assertEquals(taken++, queue.take());
      }
      assertEquals(round == 0, queue.isEmpty());
    }
    while (!queue.isEmpty()) {
      assertEquals(taken++, queue.take());
    }
    assertEquals(added, taken);
    queue.add(7);
    assertTrue(!queue.isEmpty());
    assertEquals(7, queue.take());
    assertTrue(queue.isEmpty());
  }
}
