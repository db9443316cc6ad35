package dev.selvage.http.page;

import dev.selvage.diagnostics.Frames;
import dev.selvage.diagnostics.GoroutineInfo;
import dev.selvage.diagnostics.Leaks;
import dev.selvage.observe.WaitReason;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * All goroutines as a table that is grouped, searched, sorted and paged here: of a million rows a
 * browser gets one page, and no more than that page and the groups are ever in memory. Thread-safe;
 * one request at a time visits the goroutines.
 */
public final class GoroutineTable {
  /** Of more kinds of stacks than that, the rest is only counted. */
  static final int MOST_GROUPS = 20_000;

  /** Further than that nobody pages: a search is quicker. */
  public static final int MOST_ROWS = 10_000;

  private static final int MOST_EXAMPLES = 8;
  private static final int MOST_FRAMES = 200;
  private static final int MOST_REMEMBERED = 100_000;
  private static final long REST_NANOS = 2_000_000_000L;

  /** How long a result is good for, as a multiple of what it took. */
  private static final int REST_FACTOR = 10;

  /**
   * Which goroutines.
   *
   * @param text what must be in a name, an identifier, a label, a wait reason, something waited on,
   *     or a frame, in any case; empty for all
   * @param reason the text of a wait reason; empty for any
   * @param proven whether only those that are proven to be leaked
   * @param group the {@code id} of a group; empty for all
   */
  public record Filter(String text, String reason, boolean proven, String group) {}

  /** By what groups are sorted. */
  public enum GroupOrder {
    /** How many there are. */
    COUNT,
    /** The longest wait. */
    WAIT,
    /** The wait reason's text. */
    REASON,
    /** Where it is, in the program. */
    SITE;

    private Comparator<Group> comparator() {
      Comparator<Group> first =
          switch (this) {
            case COUNT -> Comparator.comparingLong(g -> g.count);
            case WAIT -> Comparator.comparingLong(g -> g.longest);
            case REASON -> Comparator.comparing(g -> g.key.reason.text());
            case SITE -> Comparator.comparing(g -> g.site == null ? "" : g.site);
          };
      return first.thenComparing(g -> g.id);
    }
  }

  /** By what single goroutines are sorted. */
  public enum RowOrder {
    /** The identifier. */
    ID,
    /** For how long it waits; what is not known is the shortest. */
    WAIT,
    /** The name. */
    NAME;

    private Comparator<GoroutineInfo> comparator() {
      Comparator<GoroutineInfo> first =
          switch (this) {
            case ID -> Comparator.comparingLong(GoroutineInfo::id);
            case WAIT -> Comparator.comparingLong(g -> g.waitSeconds().orElse(-1));
            case NAME -> Comparator.comparing(GoroutineInfo::name);
          };
      return first.thenComparingLong(GoroutineInfo::id);
    }
  }

  private record Key(WaitReason reason, List<StackTraceElement> stack) {}

  private static final class Group {
    final Key key;
    final String id;
    final @Nullable String site;
    final List<GoroutineInfo> examples = new ArrayList<>();
    long count;
    long proven;
    long longest = -1;
    long shortest = Long.MAX_VALUE;

    Group(Key key) {
      this.key = key;
      this.id = id(key.reason, key.stack);
      this.site = Frames.site(key.stack);
    }

    void add(GoroutineInfo goroutine) {
      count++;
      proven += goroutine.leaked() ? 1 : 0;
      if (goroutine.waitSeconds().isPresent()) {
        longest = Math.max(longest, goroutine.waitSeconds().getAsLong());
        shortest = Math.min(shortest, goroutine.waitSeconds().getAsLong());
      }
      if (examples.size() < MOST_EXAMPLES) {
        examples.add(goroutine);
      }
    }
  }

  /** All groups that a filter leaves, with how long that is worth showing. */
  private record Grouped(
      Filter filter, List<Group> groups, long matching, long all, long left, long goodUntil) {}

  private final Leaks leaks;
  private final LongSupplier nanoTime;
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable Grouped last; // guarded by lock

  /** The table of the goroutines that {@code leaks} visits. */
  public GoroutineTable(Leaks leaks, LongSupplier nanoTime) {
    this.leaks = leaks;
    this.nanoTime = nanoTime;
  }

  /**
   * A page of groups: goroutines with the same stack that wait for the same. It may be some seconds
   * old, so that paging and sorting visits nobody.
   *
   * @param page from 0
   * @param size rows of a page
   */
  public Map<String, @Nullable Object> groups(
      Filter filter, GroupOrder order, boolean ascending, int page, int size)
      throws InterruptedException {
    Grouped grouped;
    lock.lockInterruptibly();
    try {
      grouped = last;
      if (grouped == null
          || !grouped.filter.equals(filter)
          || nanoTime.getAsLong() - grouped.goodUntil >= 0) {
        grouped = group(filter);
        last = grouped;
      }
    } finally {
      lock.unlock();
    }
    List<Group> sorted = new ArrayList<>(grouped.groups);
    sorted.sort(ascending ? order.comparator() : order.comparator().reversed());
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("goroutines", grouped.all);
    json.put("matching", grouped.matching);
    json.put("rows", sorted.size());
    json.put("notGrouped", grouped.left);
    json.put("page", page);
    json.put("size", size);
    int from = (int) Math.min(sorted.size(), (long) page * size);
    json.put(
        "groups",
        sorted.subList(from, Math.min(sorted.size(), from + size)).stream()
            .map(GoroutineTable::describe)
            .toList());
    return json;
  }

  private Grouped group(Filter filter) {
    long begin = nanoTime.getAsLong();
    Matcher matcher = new Matcher(filter);
    Map<Key, Group> groups = new HashMap<>();
    long[] counts = new long[3]; // all, matching, left out of all groups
    leaks.visit(
        false,
        (goroutine, _) -> {
          counts[0]++;
          if (!matcher.matches(goroutine)) {
            return;
          }
          counts[1]++;
          Key key = new Key(goroutine.waitReason(), goroutine.stack());
          Group group = groups.get(key);
          if (group == null && groups.size() < MOST_GROUPS) {
            group = new Group(key);
            groups.put(key, group);
          }
          if (group == null) {
            counts[2]++;
          } else {
            group.add(goroutine);
          }
        });
    long end = nanoTime.getAsLong();
    long rest = Math.max(REST_NANOS, (end - begin) * REST_FACTOR);
    return new Grouped(
        filter, List.copyOf(groups.values()), counts[1], counts[0], counts[2], end + rest);
  }

  /**
   * A page of single goroutines. Always of now: each request visits them all.
   *
   * @param page from 0
   * @param size rows of a page; {@code (page + 1) * size} is at most {@link #MOST_ROWS}
   */
  public Map<String, @Nullable Object> rows(
      Filter filter, RowOrder order, boolean ascending, int page, int size)
      throws InterruptedException {
    Comparator<GoroutineInfo> wanted =
        ascending ? order.comparator() : order.comparator().reversed();
    // Has the last of those that are wanted on top.
    PriorityQueue<GoroutineInfo> best = new PriorityQueue<>(wanted.reversed());
    int most = (page + 1) * size;
    Matcher matcher = new Matcher(filter);
    long[] counts = new long[2];
    lock.lockInterruptibly();
    try {
      leaks.visit(
          false,
          (goroutine, _) -> {
            counts[0]++;
            if (matcher.matches(goroutine)) {
              counts[1]++;
              best.add(goroutine);
              if (best.size() > most) {
                best.remove();
              }
            }
          });
    } finally {
      lock.unlock();
    }
    List<GoroutineInfo> sorted = new ArrayList<>(best);
    sorted.sort(wanted);
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("goroutines", counts[0]);
    json.put("matching", counts[1]);
    json.put("rows", counts[1]);
    json.put("mostRows", MOST_ROWS);
    json.put("page", page);
    json.put("size", size);
    json.put(
        "members", sorted.stream().skip((long) page * size).map(g -> describe(g, true)).toList());
    return json;
  }

  /** The same for the same stack and reason while the program runs. */
  private static String id(WaitReason reason, List<StackTraceElement> stack) {
    return Integer.toHexString(stack.hashCode())
        + '-'
        + Integer.toHexString(31 * stack.size() + reason.text().hashCode());
  }

  private static Map<String, @Nullable Object> describe(Group group) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("id", group.id);
    json.put("reason", group.key.reason.text());
    json.put("count", group.count);
    json.put("proven", group.proven);
    json.put("longest", group.longest < 0 ? null : group.longest);
    json.put("shortest", group.longest < 0 ? null : group.shortest);
    json.put("site", group.site);
    json.put("entry", Frames.entry(group.key.stack));
    json.put("stack", stack(group.key.stack));
    json.put("examples", group.examples.stream().map(g -> describe(g, false)).toList());
    return json;
  }

  private static Map<String, @Nullable Object> describe(GoroutineInfo goroutine, boolean all) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("id", goroutine.id());
    json.put("name", goroutine.name());
    json.put(
        "wait", goroutine.waitSeconds().isPresent() ? goroutine.waitSeconds().getAsLong() : null);
    json.put("on", goroutine.waitObjects());
    json.put("proven", goroutine.leaked());
    json.put("labels", goroutine.labels());
    json.put("container", goroutine.container());
    if (all) {
      json.put("reason", goroutine.waitReason().text());
      json.put("site", Frames.site(goroutine.stack()));
      json.put("stack", stack(goroutine.stack()));
    }
    return json;
  }

  private static List<String> stack(List<StackTraceElement> stack) {
    return stack.stream().limit(MOST_FRAMES).map(Sampling::frame).toList();
  }

  /** Whether a filter leaves a goroutine; remembers which frames have the text in them. */
  private static final class Matcher {
    private final Filter filter;
    private final String text;
    private final Map<StackTraceElement, Boolean> frames = new HashMap<>();

    Matcher(Filter filter) {
      this.filter = filter;
      this.text = filter.text.strip().toLowerCase(Locale.ROOT);
    }

    boolean matches(GoroutineInfo g) {
      return (!filter.proven || g.leaked())
          && (filter.reason.isEmpty() || filter.reason.equals(g.waitReason().text()))
          && (filter.group.isEmpty() || filter.group.equals(id(g.waitReason(), g.stack())))
          && (text.isEmpty() || hasText(g));
    }

    private boolean hasText(GoroutineInfo g) {
      return contains(g.name())
          || text.equals(Long.toString(g.id()))
          || contains(g.waitReason().text())
          || g.waitObjects().stream().anyMatch(this::contains)
          || g.labels().entrySet().stream().anyMatch(e -> contains(e.getKey() + "=" + e.getValue()))
          || g.stack().stream().anyMatch(this::frameContains);
    }

    private boolean frameContains(StackTraceElement frame) {
      Boolean known = frames.get(frame);
      if (known == null) {
        known = contains(Frames.text(frame));
        if (frames.size() < MOST_REMEMBERED) {
          frames.put(frame, known);
        }
      }
      return known;
    }

    private boolean contains(String where) {
      return where.toLowerCase(Locale.ROOT).contains(text);
    }
  }
}
