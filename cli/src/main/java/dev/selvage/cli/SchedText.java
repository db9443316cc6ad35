package dev.selvage.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What a scheduler did and does ({@code selvage.scheduler/1}), as text. Keeps the last ticks. */
final class SchedText {
  /** How wide the longest bar is. */
  private static final int BAR = 40;

  /** By scheduler and P. */
  private final Map<String, Long> lastTicks = new HashMap<>();

  private long lastMillis = -1;

  /** The table, with rates since the last one. */
  String next(JsonNode root) {
    long millis = root.path("uptimeMillis").asLong();
    long passed = lastMillis < 0 ? 0 : millis - lastMillis;
    lastMillis = millis;
    var out = new StringBuilder();
    for (JsonNode scheduler : root.path("schedulers")) {
      head(out, scheduler);
      table(out, scheduler, passed);
    }
    if (root.path("schedulers").isEmpty()) {
      jdk(out, root.path("jdk"));
    } else if (root.has("latency")) {
      latency(out, root.path("latency"));
    }
    return out.toString();
  }

  private static void head(StringBuilder out, JsonNode s) {
    int id = s.path("id").asInt();
    JsonNode handOffs = s.path("handOffs");
    out.append(id == 0 ? "" : "scheduler " + id + ": ");
    out.append("GOMAXPROCS ").append(s.path("gomaxprocs").asInt());
    out.append(", ").append(s.path("idle").asInt()).append(" idle; Ms: ");
    out.append(s.path("threads").asInt()).append(", ");
    out.append(s.path("spinning").asInt()).append(" spinning, ");
    out.append(s.path("spare").asInt()).append(" spare; global queue ");
    out.append(s.path("queued").asInt()).append(System.lineSeparator());
    out.append("Ps taken away: ").append(number(handOffs.path("computing").asLong()));
    out.append(" while computing, ").append(number(handOffs.path("blocked").asLong()));
    out.append(" pinned, ").append(number(handOffs.path("inNative").asLong()));
    out.append(" in native code; ").append(number(handOffs.path("refused").asLong()));
    out.append(" times there was no M").append(System.lineSeparator());
  }

  private void table(StringBuilder out, JsonNode scheduler, long passed) {
    List<List<String>> cells = new ArrayList<>();
    cells.add(
        List.of(
            "P",
            "QUEUE",
            "TICKS",
            "TICKS/S",
            "STEALS",
            "STOLEN",
            "GLOBAL",
            "OVERFLOWS",
            "WAKES",
            "IN VAIN",
            "TAKEN",
            "STATE"));
    for (JsonNode p : scheduler.path("processors")) {
      long ticks = p.path("ticks").asLong();
      String key = scheduler.path("id").asInt() + " " + p.path("id").asInt();
      Long before = lastTicks.put(key, ticks);
      cells.add(
          List.of(
              p.path("id").asText(),
              number(p.path("queued").asLong()),
              number(ticks),
              before == null || passed <= 0 || ticks < before
                  ? "-"
                  : number(Math.round((ticks - before) * 1000.0 / passed)),
              number(p.path("steals").asLong()),
              number(p.path("stolen").asLong()),
              number(p.path("fromGlobal").asLong()),
              number(p.path("overflows").asLong()),
              number(p.path("wakes").asLong()),
              number(p.path("wokenInVain").asLong()),
              number(p.path("takenAway").asLong()),
              p.path("idle").asBoolean() ? "idle" : "runs"));
    }
    out.append(Table.render(cells, 11));
  }

  /** How long goroutines were runnable: a row for each power of two, as far as there were any. */
  private static void latency(StringBuilder out, JsonNode latency) {
    List<Long> counts = new ArrayList<>();
    latency.path("buckets").forEach(count -> counts.add(count.asLong()));
    long all = counts.stream().mapToLong(Long::longValue).sum();
    out.append("Runnable before they ran: ").append(number(all)).append(" in ");
    out.append(Amounts.number(latency.path("seconds").asDouble())).append('s');
    if (all == 0) {
      out.append(System.lineSeparator());
      return;
    }
    for (int percent : new int[] {50, 99}) {
      out.append(", ").append(percent).append("% less than ");
      out.append(below(reached(counts, all, percent)));
    }
    out.append(System.lineSeparator());
    long most = counts.stream().mapToLong(Long::longValue).max().orElse(1);
    int first = 0;
    while (counts.get(first) == 0) {
      first++;
    }
    List<List<String>> cells = new ArrayList<>();
    for (int i = first; i < counts.size(); i++) {
      long count = counts.get(i);
      int width = (int) Math.ceilDiv(BAR * count, most);
      cells.add(List.of("<", below(i), number(count), "#".repeat(width)));
    }
    out.append(Table.render(cells, 3));
  }

  /** The first place at which so many of all have been counted. */
  private static int reached(List<Long> counts, long all, int percent) {
    long sum = 0;
    for (int i = 0; i < counts.size(); i++) {
      sum += counts.get(i);
      if (sum >= Math.ceilDiv(all * percent, 100L)) {
        return i;
      }
    }
    return counts.size() - 1;
  }

  private static String below(int place) {
    return Amounts.text(1L << Math.min(place, 62), "nanoseconds");
  }

  private static void jdk(StringBuilder out, JsonNode jdk) {
    String why = jdk.path("goroutinesBecause").asText("");
    out.append("No scheduler of Selvage's runs here");
    if (jdk.path("goroutinesBecause").isTextual()) {
      out.append(": ").append(Amounts.harmless(why));
    } else {
      out.append(": no goroutine was started with go(…)");
    }
    out.append('.').append(System.lineSeparator());
    out.append("Virtual threads run on the JDK's: parallelism ").append(known(jdk, "parallelism"));
    out.append(", ").append(known(jdk, "threads")).append(" threads, ");
    out.append(known(jdk, "mounted")).append(" virtual threads mounted, ");
    out.append(known(jdk, "queued")).append(" queued.").append(System.lineSeparator());
  }

  private static String known(JsonNode jdk, String field) {
    return jdk.path(field).isNumber() ? number(jdk.path(field).asLong()) : "?";
  }

  private static String number(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  /** A line for each scheduler, like that of Go's {@code schedtrace}. */
  static String lines(JsonNode root) {
    var out = new StringBuilder();
    long millis = root.path("uptimeMillis").asLong();
    for (JsonNode s : root.path("schedulers")) {
      int idle = s.path("idle").asInt();
      out.append("SCHED ").append(millis).append("ms: gomaxprocs=");
      out.append(s.path("gomaxprocs").asInt()).append(" idleprocs=").append(idle);
      out.append(" threads=").append(s.path("threads").asInt());
      out.append(" spinningthreads=").append(s.path("spinning").asInt());
      out.append(" needspinning=0 idlethreads=").append(idle + s.path("spare").asInt());
      out.append(" runqueue=").append(s.path("queued").asInt()).append(" [");
      s.path("processors").forEach(p -> out.append(' ').append(p.path("queued").asInt()));
      out.append(" ]");
      int id = s.path("id").asInt();
      out.append(id == 0 ? "" : " scheduler=" + id).append(System.lineSeparator());
    }
    if (root.path("schedulers").isEmpty()) {
      JsonNode jdk = root.path("jdk");
      out.append("JDK ").append(millis).append("ms:");
      for (String field : new String[] {"parallelism", "threads", "mounted", "queued"}) {
        out.append(' ').append(field).append('=').append(jdk.path(field).asText("?"));
      }
      out.append(System.lineSeparator());
    }
    return out.toString();
  }
}
