package dev.selvage.cli;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** For how long a live view goes on. */
final class LiveOptions {
  private static final String CLEAR = "\033[H\033[2J";

  // A line that is too long for the terminal is cut there: one that goes on in the next row would
  // push the first ones out of sight.
  private static final String CUT_LINES = "\033[?7l";
  private static final String WRAP_LINES = "\033[?7h";

  @Option(names = "--once", description = "Print it once and end.")
  boolean once;

  @Option(names = "--count", paramLabel = "N", description = "Print it N times and end.")
  @Nullable Integer count;

  /** What is shown. */
  interface View {
    /** The text as it is now, ending in a line break. */
    String render() throws InterruptedException;
  }

  /** What is wrong with them; null where nothing is. */
  @Nullable String fault() {
    if (once && count != null) {
      return "--once and --count exclude each other";
    }
    return count != null && count < 1 ? "--count " + count + ": use 1 or more" : null;
  }

  /**
   * Shows the view again and again, until Ctrl-C if no number was said: on a terminal each in the
   * place of the last, otherwise one after the other.
   *
   * @param apart what is between two of them where they follow each other
   */
  void show(Terminal terminal, Duration interval, String apart, boolean anew, View view)
      throws InterruptedException {
    int times = once ? 1 : count == null ? Integer.MAX_VALUE : count;
    for (int i = 0; i < times; i++) {
      if (i > 0) {
        Thread.sleep(interval);
      }
      String text = view.render();
      if (anew && terminal.screen() && times > 1) {
        // In one piece, so that nothing ends it before lines are wrapped again.
        terminal.out().print(CLEAR + CUT_LINES + text + WRAP_LINES);
      } else {
        terminal.out().print(i > 0 ? apart + text : text);
      }
      terminal.out().flush();
      if (terminal.out().checkError()) {
        return; // Nobody reads it any more: head, or a pager that was left.
      }
    }
  }
}
