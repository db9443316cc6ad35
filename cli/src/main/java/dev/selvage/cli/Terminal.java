package dev.selvage.cli;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where a command reads and writes: results to {@code out}, progress and errors to {@code err}.
 *
 * @param in standard input
 * @param out results
 * @param err everything else
 * @param colorOut whether {@code out} shows colours
 * @param colorErr whether {@code err} shows colours
 * @param screen whether {@code out} is a terminal that can be cleared and written anew
 * @param interactive whether somebody can be asked: both input and {@code err} are a terminal
 */
record Terminal(
    BufferedReader in,
    PrintStream out,
    PrintStream err,
    boolean colorOut,
    boolean colorErr,
    boolean screen,
    boolean interactive) {

  /**
   * That of this process. The launcher says in the system property {@code selvage.terminal} which
   * of the streams 0, 1 and 2 are a terminal, since Java cannot tell them apart. Colours are shown
   * on terminals only, and not where {@code NO_COLOR} is set to something or {@code TERM} is {@code
   * dumb}.
   */
  static Terminal ofThisProcess() {
    String streams = System.getProperty("selvage.terminal", "");
    Charset charset = Charset.forName(System.getProperty("stdin.encoding", "UTF-8"));
    boolean colors = wantsColors(System.getenv());
    return new Terminal(
        new BufferedReader(new InputStreamReader(System.in, charset)),
        System.out,
        System.err,
        colors && streams.contains("1"),
        colors && streams.contains("2"),
        streams.contains("1") && !"dumb".equals(System.getenv("TERM")),
        streams.contains("0") && streams.contains("2"));
  }

  static boolean wantsColors(Map<String, String> environment) {
    @Nullable String noColor = environment.get("NO_COLOR");
    return (noColor == null || noColor.isEmpty()) && !"dumb".equals(environment.get("TERM"));
  }

  /** Says one line to the user, beside the results. */
  void say(String line) {
    err.println("selvage: " + line);
    err.flush();
  }
}
