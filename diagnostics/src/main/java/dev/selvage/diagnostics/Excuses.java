package dev.selvage.diagnostics;

import dev.selvage.diagnostics.Finding.Details;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What is on purpose: rules, each with its reason, that say which findings are no fault. An excused
 * finding stays in the report, with the reason, and counts as no leak. Immutable; any thread may
 * use it.
 */
public final class Excuses {
  /**
   * A thread whose name begins so says itself that it is parked for ever on purpose. What comes
   * after it is the reason.
   */
  public static final String NAME_PREFIX = "parked for ever: ";

  /** No rules but those that are always there. */
  public static final Excuses NONE = new Excuses(List.of());

  /**
   * Waits that are idle by design, whoever the program is. Reviewed one by one; the guide has the
   * same table. They excuse suspicions only: where such a thread is proven, what it works for has
   * been dropped, and that is a leak.
   */
  static final List<Rule> BY_DESIGN =
      List.of(
          new Rule(
              "java.util.concurrent.ThreadPoolExecutor.getTask",
              "an idle worker of a pool waits for its next task"),
          new Rule(
              "java.util.concurrent.ForkJoinPool.awaitWork",
              "an idle worker of a pool waits for its next task"),
          new Rule(
              "java.lang.ref.ReferenceQueue.*",
              "it waits for the collector, which may have nothing to hand over for as long as the"
                  + " program runs"));

  private final List<Rule> rules;
  private final List<Pattern> patterns;

  private Excuses(List<Rule> rules) {
    this.rules = List.copyOf(rules);
    this.patterns = this.rules.stream().map(rule -> compiled(rule.pattern())).toList();
  }

  /**
   * A rule.
   *
   * @param pattern what it is about, in full; {@code *} stands for any text: the name of a thread;
   *     a frame of its stack, as {@code com.acme.Main.park} or {@code
   *     com.acme.Main.park(Main.java:7)}; or the field or line of what grows
   * @param reason why that is on purpose, for whoever reads the report
   */
  public record Rule(String pattern, String reason) {
    public Rule {
      if (pattern.isBlank() || pattern.chars().allMatch(c -> c == '*')) {
        throw new IllegalArgumentException(
            "an excuse for everything is none: say which thread, frame or field");
      }
      if (reason.isBlank()) {
        throw new IllegalArgumentException(
            "the excuse of '" + pattern + "' has no reason: write " + pattern + "=REASON");
      }
    }

    /**
     * Reads {@code PATTERN=REASON}.
     *
     * @throws IllegalArgumentException naming what is wrong
     */
    public static Rule parse(String text) {
      int equals = text.indexOf('=');
      return new Rule(
          (equals < 0 ? text : text.substring(0, equals)).strip(),
          equals < 0 ? "" : text.substring(equals + 1).strip());
    }
  }

  /**
   * Why a thread or a finding is excused.
   *
   * @param by the pattern of the rule, or who said it
   * @param reason the reason that was given
   */
  public record Excuse(String by, String reason) {}

  /** With these rules. */
  public static Excuses of(Collection<Rule> rules) {
    return rules.isEmpty() ? NONE : new Excuses(List.copyOf(rules));
  }

  /**
   * Reads rules, one a line, as {@code PATTERN=REASON}. Empty lines, and those that begin with
   * {@code #}, say nothing.
   *
   * @throws IllegalArgumentException naming what is wrong
   */
  public static Excuses parse(String lines) {
    List<Rule> rules = new ArrayList<>();
    lines
        .lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty() && !line.startsWith("#"))
        .forEach(line -> rules.add(Rule.parse(line)));
    return of(rules);
  }

  /** The rules that were given, in their order: the first that fits is named. */
  public List<Rule> rules() {
    return rules;
  }

  /** These and more. */
  public Excuses and(Excuses more) {
    List<Rule> all = new ArrayList<>(rules);
    all.addAll(more.rules);
    return of(all);
  }

  private static Pattern compiled(String pattern) {
    StringBuilder regex = new StringBuilder();
    for (String part : pattern.split("\\*", -1)) {
      regex.append(regex.isEmpty() ? "" : ".*").append(part.isEmpty() ? "" : Pattern.quote(part));
      if (regex.isEmpty()) {
        regex.append("(?:)"); // so that a star at the start is one
      }
    }
    return Pattern.compile(regex.toString(), Pattern.DOTALL);
  }

  private @Nullable Excuse matching(String text) {
    for (int i = 0; i < patterns.size(); i++) {
      if (patterns.get(i).matcher(text).matches()) {
        return new Excuse(rules.get(i).pattern(), rules.get(i).reason());
      }
    }
    return null;
  }

  /**
   * Why a thread is excused by itself, wherever it waits; null if it is not.
   *
   * @param marked the reason that its own code has given ({@code Go.parkedForever}); null if none
   * @param name its name
   */
  public @Nullable Excuse ofThread(@Nullable String marked, String name) {
    if (marked != null) {
      return new Excuse("Go.parkedForever", marked);
    }
    if (name.startsWith(NAME_PREFIX) && name.length() > NAME_PREFIX.length()) {
      return new Excuse("its name", name.substring(NAME_PREFIX.length()));
    }
    return name.isEmpty() ? null : matching(name);
  }

  /** Why all that waits with this stack is excused; null if it is not. */
  public @Nullable Excuse ofStack(List<StackTraceElement> stack) {
    for (StackTraceElement frame : stack) {
      Excuse excuse = ofFrame(frame);
      if (excuse != null) {
        return excuse;
      }
    }
    return null;
  }

  private @Nullable Excuse ofFrame(StackTraceElement frame) {
    if (rules.isEmpty()) {
      return null;
    }
    String text = Frames.text(frame);
    Excuse excuse = matching(text);
    return excuse != null ? excuse : matching(text.substring(0, text.lastIndexOf('(')));
  }

  /** Why a wait is no reason for suspicion, in any program; null if it may be. */
  public static @Nullable Excuse byDesign(List<StackTraceElement> stack) {
    return ByDesign.RULES.ofStack(stack);
  }

  private static final class ByDesign {
    static final Excuses RULES = new Excuses(BY_DESIGN);
  }

  /**
   * The finding, as {@linkplain Finding.State#EXCUSED excused} if a rule fits its stack, its lines
   * or its field. What is not open stays as it is, and so does a deadlock: a circle is never on
   * purpose.
   */
  public Finding applied(Finding finding) {
    Details details = finding.details();
    if (details.state() != Finding.State.OPEN || finding instanceof Finding.Deadlocked) {
      return finding;
    }
    Excuse excuse = ofStack(details.stack());
    for (Object text :
        new @Nullable Object[] {details.site(), details.entry(), details.evidence().get("field")}) {
      if (excuse == null && text instanceof String place) {
        int line = place.endsWith(")") ? place.lastIndexOf('(') : -1;
        excuse = matching(place);
        excuse = excuse == null && line > 0 ? matching(place.substring(0, line)) : excuse;
      }
    }
    if (excuse == null && finding instanceof Finding.Suspected) {
      excuse = byDesign(details.stack());
    }
    return excuse == null ? finding : excused(finding, excuse);
  }

  /** The finding as excused for that reason, which is in its evidence. */
  public static Finding excused(Finding finding, Excuse excuse) {
    Details d = finding.details();
    Map<String, Object> evidence = new LinkedHashMap<>();
    evidence.put("excuse", excuse.reason());
    evidence.put("excusedBy", excuse.by());
    evidence.putAll(d.evidence());
    Details details =
        new Details(
            Finding.State.EXCUSED,
            d.kind(),
            d.count(),
            d.site(),
            d.entry(),
            d.seenSeconds(),
            d.retainedBytes(),
            d.names(),
            d.stack(),
            d.fingerprint(),
            d.except(),
            evidence,
            d.because(),
            d.suggestion());
    return switch (finding) {
      case Finding.Proven _ -> new Finding.Proven(details);
      case Finding.Deadlocked _ -> new Finding.Deadlocked(details);
      case Finding.Suspected _ -> new Finding.Suspected(details);
    };
  }

  /** How many threads are in findings that are proven and excused. */
  public static int threads(Collection<Finding> findings) {
    return findings.stream()
        .filter(f -> f instanceof Finding.Proven)
        .filter(f -> f.details().state() == Finding.State.EXCUSED)
        .mapToInt(f -> f.details().count())
        .sum();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Excuses excuses && excuses.rules.equals(rules);
  }

  @Override
  public int hashCode() {
    return rules.hashCode();
  }

  @Override
  public String toString() {
    return rules.toString();
  }
}
