package dev.selvage.cli;

import java.util.Locale;

/** Writes amounts as short as a person reads them, as {@code go tool pprof} does. */
final class Amounts {
  private static final String[] BYTES = {"B", "kB", "MB", "GB", "TB"};

  private Amounts() {}

  /** An amount of that unit: {@code 1.25s}, {@code 3MB}, {@code 120}. */
  static String text(long amount, String unit) {
    return switch (unit) {
      case "nanoseconds" -> time(amount);
      case "bytes" -> bytes(amount);
      default -> Long.toString(amount);
    };
  }

  private static String time(long nanos) {
    double abs = Math.abs((double) nanos);
    if (abs >= 60e9) {
      return number(nanos / 60e9) + "mins";
    }
    if (abs >= 1e9) {
      return number(nanos / 1e9) + "s";
    }
    if (abs >= 1e6) {
      return number(nanos / 1e6) + "ms";
    }
    return abs >= 1e3 ? number(nanos / 1e3) + "us" : nanos + (nanos == 0 ? "" : "ns");
  }

  private static String bytes(long bytes) {
    double amount = bytes;
    int unit = 0;
    while (Math.abs(amount) >= 1024 && unit < BYTES.length - 1) {
      amount /= 1024;
      unit++;
    }
    return bytes == 0 ? "0" : number(amount) + BYTES[unit];
  }

  /** With two digits behind the point at most. */
  static String number(double amount) {
    String text = String.format(Locale.ROOT, "%.2f", amount);
    return text.replaceFirst("\\.?0+$", "");
  }

  /** A share of a whole: {@code 12.34%}. */
  static String percent(long part, long whole) {
    return whole == 0
        ? "0%"
        : String.format(Locale.ROOT, "%.2f%%", 100.0 * part / whole)
            .replaceFirst("^0\\.00%$", "0%");
  }

  /** A text that came from the program, without what could steer the terminal that shows it. */
  static String harmless(String text) {
    return text.replaceAll("[\\p{Cntrl}\\p{Cf}]", "?");
  }
}
