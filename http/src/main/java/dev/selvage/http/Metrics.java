package dev.selvage.http;

import dev.selvage.diagnostics.AlwaysOn;
import dev.selvage.diagnostics.Leaks;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.Tally;
import java.util.Locale;

/**
 * What is known of leaks, in Prometheus' text format: for who collects numbers every few seconds
 * and raises an alarm. Asks for no look and takes no stacks.
 */
final class Metrics {
  static final String TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private final StringBuilder text = new StringBuilder();

  private Metrics() {}

  static String text(Leaks leaks) {
    var metrics = new Metrics();
    Tally tally = leaks.tally(0);
    Report last = leaks.last();
    AlwaysOn.Counters counters = leaks.alwaysOn();
    // What is not known is left out: a 0 would be taken for "nothing leaks".
    if (tally.complete()) {
      metrics.gauge("selvage_virtual_threads", "Virtual threads that there are.", tally.total());
      if ((last != null && last.proof().rounds() > 0) || counters != null) {
        metrics.gauge(
            "selvage_leaked_threads",
            "Virtual threads that are proven never to run again.",
            tally.proven());
      }
    }
    if (last != null) {
      metrics.counter(
          "selvage_refuted_threads_total",
          "Threads that were proven and have run since; anything but 0 is a bug of Selvage's.",
          last.proof().refuted());
    }
    metrics.gauge(
        "selvage_always_on", "1 while the always-on mode is on.", counters == null ? 0 : 1);
    if (counters != null) {
      metrics.of(counters);
    }
    return metrics.text.toString();
  }

  private void of(AlwaysOn.Counters counters) {
    counter(
        "selvage_leak_causes_total",
        "Causes of leaks that were new, by their fingerprints.",
        counters.news() + counters.newsLeftOut());
    counter(
        "selvage_proven_threads_total",
        "Threads that the program's own collections have proven.",
        counters.proven());
    gauge("selvage_always_on_carried", "Threads that are asked about now.", counters.carried());
    counter(
        "selvage_always_on_cycles_total",
        "Collections that judged what is old; while 0, nothing is known of that.",
        counters.cycles());
    counter(
        "selvage_always_on_doubtful_total",
        "Collections that could not be used, since finalizers ran meanwhile.",
        counters.doubtful());
    counter(
        "selvage_always_on_surprises_total",
        "Threads that ran though they had been found, for no reason that is known.",
        counters.surprises());
  }

  private void gauge(String name, String help, long value) {
    one(name, help, "gauge", value);
  }

  private void counter(String name, String help, long value) {
    one(name, help, "counter", value);
  }

  private void one(String name, String help, String type, long value) {
    text.append(
        String.format(
            Locale.ROOT,
            "# HELP %1$s %2$s\n# TYPE %1$s %3$s\n%1$s %4$d\n",
            name,
            help,
            type,
            value));
  }
}
