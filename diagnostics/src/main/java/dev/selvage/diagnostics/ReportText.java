package dev.selvage.diagnostics;

import dev.selvage.diagnostics.Finding.Details;
import dev.selvage.diagnostics.Report.Goroutines;
import dev.selvage.diagnostics.Report.Proof;
import dev.selvage.diagnostics.text.Quoted;
import dev.selvage.observe.WaitReason;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Renders a report for a person who reads it at three in the morning: a block for each finding, one
 * line that sums up, then what must be known to judge it. What is not known is left out. A pure
 * function; the text is the same under every locale.
 */
public final class ReportText {
  /** Waits that are not for I/O and that the collector cannot judge because the VM holds them. */
  private static final Set<String> MONITORS =
      Set.of(WaitReason.OBJECT_WAIT.text(), WaitReason.MONITOR_ENTER.text(), "monitors");

  private static final Set<String> IO = Set.of(WaitReason.IO.text(), "I/O");

  private static final String INTERRUPT = "only shutdownNow() of an executor can still wake it";

  private static final String INTERRUPT_ONE = "only an interrupt of one of them can still end it";

  // Evidence that is drawn, a line for each entry.
  private static final String CYCLE = "cycle";
  private static final String PATH = "path";

  // Evidence that has a line of its own.
  private static final String WAITS_ON = "waitsOn";
  private static final String WAITS_ON_ALIKE = "waitsOnAlike";
  private static final String WAITS_ON_LOOKED_AT = "waitsOnLookedAt";
  private static final String COULD_WAKE = "couldWake";
  private static final String EXCUSE = "excuse";
  private static final String EXCUSED_BY = "excusedBy";

  /** Evidence that the sentence of the finding says already, or that is drawn. */
  private static final Set<String> SAID_ELSEWHERE =
      Set.of(
          "grewBy",
          "seconds",
          "perSecond",
          "oldestSeconds",
          "growing",
          "doubt",
          CYCLE,
          PATH,
          WAITS_ON,
          WAITS_ON_ALIKE,
          WAITS_ON_LOOKED_AT,
          COULD_WAKE,
          EXCUSE,
          EXCUSED_BY);

  private static final String SIZES = "sizes";

  /**
   * Evidence that is how many there are now, which the heading says, and {@link #SIZES} ends in.
   */
  private static final Set<String> NOW =
      Set.of("entries", "running", "uncancelled", "queued", "variables", "idle");

  private static final Pattern LAST_NUMBER = Pattern.compile("(\\d{1,18})$");
  private static final String BLOCKS = "▁▂▃▄▅▆▇█";

  private static final String PLAIN = "0";
  private static final String BOLD = "1";
  private static final String DIM = "2";
  private static final String RED = "1;31";
  private static final String GREEN = "32";
  private static final String YELLOW = "1;33";
  private static final String MAGENTA = "1;35";

  private final StringBuilder out = new StringBuilder();
  private final boolean color;

  private ReportText(boolean color) {
    this.color = color;
  }

  /** The report as text, ending in a line break; with ANSI colours if {@code color}. */
  public static String render(Report report, boolean color) {
    ReportText text = new ReportText(color);
    for (Finding finding : report.findings()) {
      text.block(finding);
    }
    text.summary(report);
    for (String note : report.notes()) {
      text.line("note", note);
    }
    String why = report.proof().why();
    for (Report.Missing missing : report.capabilities().missing()) {
      if (why == null || !why.contains(missing.costs())) { // else the summary has said it
        text.line("missing", missing.open() + ": " + missing.costs());
      }
    }
    return text.out.toString();
  }

  private void block(Finding finding) {
    Details d = finding.details();
    boolean open = d.state() == Finding.State.OPEN;
    String strong =
        switch (finding) {
          case Finding.Proven _ -> RED;
          case Finding.Deadlocked _ -> MAGENTA;
          case Finding.Suspected _ -> YELLOW;
        };
    paint(open ? strong : DIM, open ? "LEAK" : d.state().text().toUpperCase(Locale.ROOT));
    out.append("  ").append(finding.verdict()).append("  ");
    paint(BOLD, d.kind());
    out.append("  x").append(number(d.count()));
    if (d.seenSeconds().orElse(0) > 0) {
      out.append("   oldest ").append(duration(d.seenSeconds().getAsLong()));
    }
    if (d.retainedBytes().isPresent()) {
      out.append("   ").append(bytes(d.retainedBytes().getAsLong())).append(" retained");
    }
    out.append('\n');

    Place place = Place.of(d.kind());
    String site = d.site() != null ? d.site() : where(d.stack());
    if (site != null) {
      line(place.site, site);
    }
    if (d.entry() != null && !d.entry().equals(site)) {
      line(place.entry, d.entry());
    }
    if (d.evidence().get(WAITS_ON) instanceof List<?> sentences) {
      line("waits on", waitsOn(d, sentences));
    }
    if (d.evidence().get(COULD_WAKE) instanceof List<?> others) {
      line("could wake", joined(others));
    }
    if (d.evidence().get(CYCLE) instanceof List<?> cycle) {
      draw(CYCLE, cycle, "┌→ ", "│  ", "└─ ");
    }
    if (d.evidence().get(EXCUSE) instanceof String excuse) {
      line("on purpose", excuse + " (by " + d.evidence().get(EXCUSED_BY) + ")");
    }
    String evidence = evidence(d);
    if (!evidence.isEmpty()) {
      line("evidence", evidence);
    }
    if (d.evidence().get(PATH) instanceof List<?> path) {
      draw("kept by", path, "", "├→ ", "╰→ ");
    }
    if (!d.because().isBlank()) {
      line("because", d.because());
    }
    String interrupt = finding instanceof Finding.Deadlocked ? INTERRUPT_ONE : interrupt(d);
    String except = "interrupt".equals(d.except()) ? interrupt : d.except();
    if (except != null && !d.because().contains(except)) {
      line("except", except);
    }
    boolean excused = d.state() == Finding.State.EXCUSED;
    if (!d.suggestion().isBlank() && !excused) {
      line("try", d.suggestion());
    }
    Scenario scenario = Scenario.of(finding);
    if (scenario != null && !excused) {
      line("see", scenario.page());
    }
    out.append('\n');
  }

  /** What is known of one thread, and of how many others that holds as well. */
  private static String waitsOn(Details d, List<?> sentences) {
    return joined(sentences)
        + (d.evidence().get(WAITS_ON_ALIKE) instanceof Integer alike
                && d.evidence().get(WAITS_ON_LOOKED_AT) instanceof Integer asked
            ? " (alike: " + number(alike) + " of " + number(asked) + " looked at)"
            : "");
  }

  private static String joined(List<?> sentences) {
    return sentences.stream().map(String::valueOf).collect(Collectors.joining("; "));
  }

  /** One step a line, with an edge at its left. */
  private void draw(String label, List<?> steps, String first, String next, String last) {
    for (int i = 0; i < steps.size(); i++) {
      String edge = i == 0 ? first : i < steps.size() - 1 ? next : last;
      line(i == 0 ? label : "", edge + steps.get(i));
    }
  }

  /** Who can still interrupt it. */
  private static String interrupt(Details d) {
    return d.evidence().get("heldBy") instanceof List<?> list && !list.isEmpty()
        ? "only an interrupt can still wake it, by who holds the thread: "
            + list.stream().map(String::valueOf).collect(Collectors.joining(", "))
        : INTERRUPT;
  }

  /** How the two places of a finding are called, which depends on what kind of thing it is. */
  private enum Place {
    THREAD("blocked at", "started at"),
    CREATED("created at", "called from"),
    GROWING("grows at", "called from");

    final String site;
    final String entry;

    Place(String site, String entry) {
      this.site = site;
      this.entry = entry;
    }

    static Place of(String kind) {
      return switch (kind) {
        case "ticker growth", "timer growth", "context growth", "executor growth" -> CREATED;
        default -> kind.endsWith(" growth") ? GROWING : THREAD;
      };
    }
  }

  /** The first frame that says something to a reader, for stacks without a frame of the program. */
  private static @Nullable String where(List<StackTraceElement> stack) {
    for (StackTraceElement frame : stack) {
      String type = frame.getClassName();
      if (!type.startsWith("java.lang.")
          && !type.startsWith("jdk.internal.")
          && !type.startsWith("java.util.concurrent.locks.LockSupport")) {
        return Frames.text(frame);
      }
    }
    return stack.isEmpty() ? null : Frames.text(stack.getFirst());
  }

  private void summary(Report report) {
    Proof proof = report.proof();
    List<Finding> open =
        report.findings().stream()
            .filter(f -> f.details().state() == Finding.State.OPEN)
            .collect(Collectors.toList());
    boolean none = proof.mode().equals("none");
    boolean sound = proof.canary() || proof.isOfDump();
    boolean healthy = open.isEmpty() && !none && proof.complete() && sound;

    StringBuilder line = new StringBuilder();
    if (open.isEmpty()) {
      line.append(none ? "Nothing could be proven" : "0 leaks");
    } else {
      line.append(counts(open));
      if (none) {
        line.append("; nothing could be proven");
      }
    }
    if (!none && !proof.complete()) {
      line.append(", but the proof is not complete");
    }
    if ((none || !proof.complete()) && proof.why() != null) {
      line.append(": ").append(trimDot(proof.why()));
    }
    line.append(". ");
    boolean counted = !none || report.goroutines().total() > 0;
    line.append(counted ? census(report.goroutines(), open) : "Virtual threads were not counted");
    if (proof.isOfDump()) {
      line.append("; from a heap dump");
    } else if (!none) {
      line.append(
          proof.canary() ? "; canary found" : "; canary NOT found, so leaks may be missing here");
    }
    if (proof.refuted() > 0) {
      line.append("; ").append(number(proof.refuted())).append(" refuted");
    }
    if (open.isEmpty()) {
      line.append("; ").append(millis(proof.totalMillis()));
    } else {
      if (proof.isAlwaysOn()) {
        line.append("; ").append(plural(proof.rounds(), "cycle")).append(" of the program's own");
      } else if (!none && !proof.isOfDump()) {
        line.append("; pause ").append(millis(proof.pauseMillis()));
      }
      line.append(none || proof.isOfDump() ? "; " : ", ")
          .append(millis(proof.totalMillis()))
          .append(" in all");
    }
    line.append('.');
    paint(healthy ? GREEN : open.isEmpty() ? YELLOW : BOLD, line.toString());
    out.append('\n');
    if (proof.why() != null && !none && proof.complete()) {
      line("note", proof.why());
    }
  }

  /** As {@code 128 threads proven to leak in 1 finding, 2 suspicions}. */
  private static String counts(List<Finding> open) {
    long provenThreads = 0;
    long proven = 0;
    long deadlockedThreads = 0;
    long suspicions = 0;
    for (Finding finding : open) {
      switch (finding) {
        case Finding.Proven p -> {
          proven++;
          provenThreads += p.details().count();
        }
        case Finding.Deadlocked d -> deadlockedThreads += d.details().count();
        case Finding.Suspected _ -> suspicions++;
      }
    }
    List<String> parts = new ArrayList<>();
    parts.add(
        proven == 0
            ? "0 leaks proven"
            : plural(provenThreads, "thread") + " proven to leak in " + plural(proven, "finding"));
    if (deadlockedThreads > 0) {
      parts.add(number(deadlockedThreads) + " deadlocked");
    }
    if (suspicions > 0) {
      parts.add(plural(suspicions, "suspicion"));
    }
    return String.join(", ", parts);
  }

  /** How many threads there were and what they do, as far as it is known. */
  private static String census(Goroutines g, List<Finding> open) {
    List<String> parts = new ArrayList<>();
    int running = g.total() - g.blocked();
    if (running > 0) {
      parts.add(number(running) + (running == 1 ? " runs" : " run"));
    }
    if (g.canBeWoken() > 0) {
      String timed = g.timed() > 0 ? " (" + number(g.timed()) + " by a timer)" : "";
      parts.add(number(g.canBeWoken()) + " can be woken" + timed);
    }
    long io = g.io() >= 0 ? g.io() : sum(g.unprovable(), IO);
    if (io > 0) {
      parts.add(number(io) + (io == 1 ? " waits" : " wait") + " for I/O");
    }
    Map<String, Integer> unprovable =
        g.unprovable().entrySet().stream()
            .filter(e -> e.getValue() > 0 && !IO.contains(e.getKey()))
            .collect(
                Collectors.toMap(
                    Map.Entry::getKey,
                    Map.Entry::getValue,
                    Integer::sum,
                    java.util.LinkedHashMap::new));
    if (!unprovable.isEmpty()) {
      String reasons =
          open.isEmpty() && MONITORS.containsAll(unprovable.keySet())
              ? "monitors"
              : unprovable.entrySet().stream()
                  .map(e -> number(e.getValue()) + " " + e.getKey())
                  .collect(Collectors.joining(", "));
      parts.add(
          number(sum(unprovable, unprovable.keySet())) + " cannot be judged (" + reasons + ")");
    }
    if (g.excused() > 0) {
      parts.add(number(g.excused()) + " excused");
    }
    String threads = plural(g.total(), "virtual thread");
    return parts.isEmpty() ? threads : threads + ": " + String.join(", ", parts);
  }

  private static long sum(Map<String, Integer> counts, Set<String> of) {
    return counts.entrySet().stream()
        .filter(e -> of.contains(e.getKey()))
        .mapToLong(Map.Entry::getValue)
        .sum();
  }

  /** What speaks for it and no other line has said; the curve first. JSON has all of it. */
  private static String evidence(Details d) {
    List<String> parts = new ArrayList<>();
    if (d.evidence().containsKey(SIZES)) {
      parts.add(curve(d.evidence().get(SIZES)));
    }
    for (Map.Entry<String, Object> e : d.evidence().entrySet()) {
      if (!e.getKey().equals(SIZES) && !isSaid(d, e.getKey(), e.getValue())) {
        parts.add(words(e.getKey()) + " " + shown(e.getKey(), e.getValue()));
      }
    }
    return String.join("; ", parts);
  }

  private static boolean isSaid(Details d, String key, Object value) {
    if (SAID_ELSEWHERE.contains(key)) {
      return true;
    }
    return switch (value) {
      case Number n -> NOW.contains(key) && n.longValue() == d.count();
      case String text -> d.because().contains(text) || text.equals(d.site());
      case List<?> list -> list.size() == 1 && String.valueOf(list.getFirst()).equals(d.site());
      default -> false;
    };
  }

  /** The name of evidence as words: {@code key class} for {@code keyClass}. */
  private static String words(String key) {
    return key.replaceAll("(?<=[a-z])(?=[A-Z])", " ").toLowerCase(Locale.ROOT);
  }

  /** A value; classes without their package, as the lines around name the code. */
  private static String shown(String key, Object value) {
    boolean type = key.equals("class") || key.endsWith("Class");
    String text = value(value);
    return type ? text.substring(text.lastIndexOf('.') + 1) : text;
  }

  /** Sizes over time as a small picture, from the number at the end of each entry. */
  private static String curve(Object sizes) {
    List<Long> numbers = new ArrayList<>();
    for (Object size : sizes instanceof List<?> list ? list : List.of()) {
      Matcher number = LAST_NUMBER.matcher(String.valueOf(size));
      if (!number.find()) {
        return value(sizes);
      }
      numbers.add(Long.parseLong(number.group(1)));
    }
    if (numbers.size() < 2) {
      return value(sizes);
    }
    long low = Collections.min(numbers);
    long range = Math.max(1, Collections.max(numbers) - low);
    StringBuilder curve = new StringBuilder();
    for (long number : numbers) {
      curve.append(BLOCKS.charAt((int) ((number - low) * (BLOCKS.length() - 1) / range)));
    }
    return curve + " " + number(numbers.getFirst()) + " to " + number(numbers.getLast());
  }

  private static String value(@Nullable Object value) {
    return switch (value) {
      case Integer n -> number(n);
      case Long n -> number(n);
      case Double n -> decimal(n);
      case Float n -> decimal(n.doubleValue());
      case List<?> list -> list.stream().map(ReportText::value).collect(Collectors.joining(", "));
      case null, default -> String.valueOf(value);
    };
  }

  private void line(String label, String text) {
    out.append("  ");
    paint(DIM, label);
    out.repeat(' ', Math.max(1, 13 - label.length()));
    boolean place = label.endsWith(" at");
    paint(place ? BOLD : PLAIN, text);
    out.append('\n');
  }

  private void paint(String sgr, String text) {
    boolean paint = color && !sgr.equals(PLAIN);
    if (paint) {
      out.append("\u001b[").append(sgr).append('m');
    }
    // Names and evidence come from the program that was looked at: nothing of theirs may steer a
    // terminal or break a line.
    Quoted.bare(out, text);
    if (paint) {
      out.append("\u001b[0m");
    }
  }

  private static String plural(long n, String noun) {
    return number(n) + " " + noun + (n == 1 ? "" : "s");
  }

  private static String number(long n) {
    return String.format(Locale.ROOT, "%,d", n);
  }

  private static String decimal(double n) {
    String text = String.format(Locale.ROOT, "%,.1f", n);
    return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
  }

  private static String millis(double millis) {
    return millis > 0 && millis < 1 ? "under 1 ms" : number(Math.round(millis)) + " ms";
  }

  /** The largest unit, and the next one while the first is small: {@code 14m}, {@code 1h30m}. */
  private static String duration(long seconds) {
    long[] sizes = {86_400, 3_600, 60, 1};
    String units = "dhms";
    int unit = 0;
    while (seconds < sizes[unit] && unit < 3) {
      unit++;
    }
    long first = seconds / sizes[unit];
    String text = number(first) + units.charAt(unit);
    if (first < 10 && unit < 3) {
      long rest = seconds % sizes[unit] / sizes[unit + 1];
      if (rest > 0) {
        text += rest + String.valueOf(units.charAt(unit + 1));
      }
    }
    return text;
  }

  private static String bytes(long bytes) {
    if (bytes < 1024) {
      return number(bytes) + " B";
    }
    double size = bytes;
    int unit = -1;
    do {
      size /= 1024;
      unit++;
    } while (size >= 1023.95 && unit < 4);
    return String.format(Locale.ROOT, "%,.1f %ciB", size, "KMGTP".charAt(unit));
  }

  private static String trimDot(String sentence) {
    return sentence.endsWith(".") ? sentence.substring(0, sentence.length() - 1) : sentence;
  }
}
