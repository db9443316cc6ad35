package dev.selvage.http.page;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.selvage.diagnostics.GoroutineInfo;
import dev.selvage.diagnostics.Leaks;
import dev.selvage.diagnostics.Locks;
import dev.selvage.diagnostics.Report;
import dev.selvage.http.page.GoroutineTable.Filter;
import dev.selvage.http.page.GoroutineTable.GroupOrder;
import dev.selvage.http.page.GoroutineTable.RowOrder;
import dev.selvage.observe.WaitReason;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The table of goroutines, of which a browser sees a page. */
@Timeout(120)
final class GoroutineTableTests {
  private static final Filter ALL = new Filter("", "", false, "");

  /** Goroutines that are made while they are visited, so that any number fits. */
  private static final class Made implements Leaks {
    final int count;
    final IntFunction<GoroutineInfo> goroutine;
    final AtomicInteger visits = new AtomicInteger();

    Made(int count, IntFunction<GoroutineInfo> goroutine) {
      this.count = count;
      this.goroutine = goroutine;
    }

    @Override
    public void visit(boolean locks, Visitor visitor) {
      visits.incrementAndGet();
      for (int i = 0; i < count; i++) {
        visitor.goroutine(goroutine.apply(i), Locks.NONE);
      }
    }

    @Override
    public Report find(Mode mode) {
      throw new UnsupportedOperationException();
    }

    @Override
    public List<GoroutineInfo> goroutines() {
      throw new AssertionError("all of them at once");
    }

    @Override
    public List<GoroutineInfo> leaked() {
      throw new UnsupportedOperationException();
    }
  }

  private static List<StackTraceElement> stack(String method, int line) {
    return List.of(
        new StackTraceElement("java.lang.VirtualThread", "park", "VirtualThread.java", 738),
        new StackTraceElement("com.acme.Order", method, "Order.java", line));
  }

  private static GoroutineInfo goroutine(
      long id, String name, WaitReason why, long seconds, boolean proven, String method) {
    return new GoroutineInfo(
        id,
        name,
        why,
        OptionalLong.of(seconds),
        List.of(),
        proven,
        "<root>",
        stack(method, 1),
        name.isEmpty() ? Map.of() : Map.of("tenant", "t" + id));
  }

  /** Ids 0 to 99: every tenth sends, proven; every tenth but one sleeps under a name. */
  private static GoroutineInfo shop(int i) {
    return switch (i % 10) {
      case 0 -> goroutine(i, "", WaitReason.CHAN_SEND, i, true, "quote");
      case 1 -> goroutine(i, "Worker-" + i, WaitReason.SLEEP, i, false, "rest");
      default -> goroutine(i, "", WaitReason.CHAN_RECEIVE, i, false, "pack");
    };
  }

  private final Made shop = new Made(100, GoroutineTableTests::shop);
  private final AtomicLong nanos = new AtomicLong();
  private final GoroutineTable table = new GoroutineTable(shop, nanos::get);

  @SuppressWarnings({"unchecked", "NullAway"}) // as the table makes it
  private static List<Map<String, @Nullable Object>> rows(
      Map<String, @Nullable Object> json, String key) {
    return (List<Map<String, @Nullable Object>>) json.get(key);
  }

  private static List<@Nullable Object> column(
      Map<String, @Nullable Object> json, String rows, String column) {
    return rows(json, rows).stream().<@Nullable Object>map(row -> row.get(column)).toList();
  }

  @Test
  @DisplayName("goroutines with the same stack and wait are one row, sorted as asked")
  void grouped() throws Exception {
    Map<String, @Nullable Object> json = table.groups(ALL, GroupOrder.COUNT, false, 0, 10);
    assertEquals(100L, json.get("goroutines"));
    assertEquals(3, json.get("rows"));
    assertEquals(List.of(80L, 10L, 10L), column(json, "groups", "count"));
    Map<String, @Nullable Object> packing = rows(json, "groups").getFirst();
    assertEquals("chan receive", packing.get("reason"));
    assertEquals("com.acme.Order.pack(Order.java:1)", packing.get("site"));
    assertEquals(99L, packing.get("longest"));
    assertEquals(2L, packing.get("shortest"));
    assertEquals(
        List.of(
            "j java.lang.VirtualThread.park(VirtualThread.java:738)",
            "p com.acme.Order.pack(Order.java:1)"),
        packing.get("stack"));
    assertEquals(
        List.of("chan receive", "chan send", "sleep"),
        column(table.groups(ALL, GroupOrder.REASON, true, 0, 10), "groups", "reason"));
    assertEquals(
        List.of("sleep"),
        column(table.groups(ALL, GroupOrder.REASON, true, 1, 2), "groups", "reason"),
        "the second page");
    assertEquals(List.of(), rows(table.groups(ALL, GroupOrder.SITE, true, 9, 10), "groups"));
  }

  @Test
  @DisplayName("paging and sorting visits nobody; another question does, and so does time")
  void visits() throws Exception {
    table.groups(ALL, GroupOrder.COUNT, false, 0, 10);
    table.groups(ALL, GroupOrder.SITE, true, 1, 2);
    assertEquals(1, shop.visits.get());
    table.groups(new Filter("pack", "", false, ""), GroupOrder.COUNT, false, 0, 10);
    assertEquals(2, shop.visits.get());
    nanos.addAndGet(3_000_000_000L);
    table.groups(new Filter("pack", "", false, ""), GroupOrder.COUNT, false, 0, 10);
    assertEquals(3, shop.visits.get());
  }

  @Test
  @DisplayName("a search finds names, ids, labels, waits and frames, in any case")
  void searched() throws Exception {
    assertEquals(10L, matching("WORKER-"));
    assertEquals(1L, matching("42"), "an id");
    assertEquals(1L, matching("tenant=t11"));
    assertEquals(10L, matching("chan SEND"));
    assertEquals(80L, matching("order.pack"));
    assertEquals(100L, matching("order.java"));
    assertEquals(0L, matching("nowhere"));
    assertEquals(
        10L, table.rows(new Filter("", "", true, ""), RowOrder.ID, true, 0, 5).get("matching"));
    assertEquals(
        10L,
        table.rows(new Filter("", "sleep", false, ""), RowOrder.ID, true, 0, 5).get("matching"));
  }

  private @Nullable Object matching(String text) throws InterruptedException {
    return table
        .groups(new Filter(text, "", false, ""), GroupOrder.COUNT, false, 0, 1)
        .get("matching");
  }

  @Test
  @DisplayName("the members of one group are listed one by one, page by page")
  void members() throws Exception {
    Map<String, @Nullable Object> groups =
        table.groups(new Filter("", "", true, ""), GroupOrder.COUNT, false, 0, 1);
    String id = String.valueOf(rows(groups, "groups").getFirst().get("id"));
    Filter filter = new Filter("", "", false, id);
    assertEquals(
        List.of(90L, 80L, 70L),
        column(table.rows(filter, RowOrder.WAIT, false, 0, 3), "members", "id"));
    assertEquals(
        List.of(60L, 50L, 40L),
        column(table.rows(filter, RowOrder.WAIT, false, 1, 3), "members", "id"));
    assertEquals(
        List.of(0L, 10L), column(table.rows(filter, RowOrder.ID, true, 0, 2), "members", "id"));
  }

  @Test
  @DisplayName("a million goroutines are a page of rows, and more kinds than fit are counted")
  void many() throws Exception {
    int million = 1_000_000;
    Made made =
        new Made(million, i -> goroutine(i, "", WaitReason.CHAN_SEND, i, false, "m" + i % 50_000));
    GoroutineTable large = new GoroutineTable(made, System::nanoTime);
    Map<String, @Nullable Object> groups = large.groups(ALL, GroupOrder.COUNT, false, 0, 50);
    assertEquals((long) million, groups.get("goroutines"));
    assertEquals(GoroutineTable.MOST_GROUPS, groups.get("rows"));
    assertEquals((50_000L - GoroutineTable.MOST_GROUPS) * 20, groups.get("notGrouped"));
    assertEquals(50, rows(groups, "groups").size());
    Map<String, @Nullable Object> last = large.rows(ALL, RowOrder.WAIT, false, 1, 3);
    assertEquals(List.of(999_996L, 999_995L, 999_994L), column(last, "members", "id"));
  }
}
