package dev.selvage.http;

import dev.selvage.diagnostics.GoroutineInfo;
import dev.selvage.diagnostics.Leaks;
import dev.selvage.diagnostics.Report;
import dev.selvage.observe.WaitReason;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Three threads, two of them leaked, and a count of the looks that were made. */
class FakeLeaks implements Leaks {
  static final List<StackTraceElement> QUOTE =
      List.of(
          new StackTraceElement("java.lang.VirtualThread", "park", "VirtualThread.java", 738),
          new StackTraceElement("com.acme.Order", "quote", "Order.java", 57),
          new StackTraceElement("com.acme.Order", "lambda$handle$0", "Order.java", 49));

  final List<GoroutineInfo> threads =
      new CopyOnWriteArrayList<>(
          List.of(
              thread(31, "", WaitReason.CHAN_SEND, true),
              thread(32, "", WaitReason.CHAN_SEND, true),
              thread(33, "<script>", WaitReason.SLEEP, false)));
  final AtomicInteger looks = new AtomicInteger();

  static GoroutineInfo thread(long id, String name, WaitReason why, boolean leaked) {
    return new GoroutineInfo(id, name, why, OptionalLong.of(240), leaked, "<root>", QUOTE);
  }

  @Override
  public Report find(Mode mode) {
    looks.incrementAndGet();
    return report("now", null);
  }

  static Report report(String mode, @Nullable String why) {
    boolean none = mode.equals("none");
    return new Report(
        Instant.parse("2026-01-01T00:00:00Z"),
        new Report.Vm(1, "25.0.3", "G1"),
        new Report.Capabilities(
            "jdk",
            none ? List.of() : List.of("now"),
            none
                ? List.of(
                    new Report.Missing(
                        "java.base/java.lang", "--add-opens java.base/java.lang=ALL-UNNAMED"))
                : List.of()),
        new Report.Goroutines(3, 3, Map.of(), 0, 1, 1, 0),
        new Report.Proof(mode, none ? 0 : 2, 1, 2, !none, !none, 0, why),
        List.of(),
        List.of());
  }

  @Override
  public List<GoroutineInfo> goroutines() {
    return threads;
  }

  @Override
  public List<GoroutineInfo> leaked() {
    return threads.stream().filter(GoroutineInfo::leaked).toList();
  }
}
