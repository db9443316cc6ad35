package dev.selvage.observe;

import dev.selvage.internal.Resources;
import java.util.List;
import java.util.Map;

/**
 * What a tool in another class loader may read of this copy of the language: static methods that
 * speak types of the JDK only, so that they can be called by reflection. Thread-safe; does not
 * block.
 */
public final class Probe {
  private Probe() {}

  /** The version of these methods and of the maps that they return. It is 1. */
  public static int protocol() {
    return 1;
  }

  /**
   * The tickers, timers and cancellable contexts that nobody has stopped, or cancelled, or let
   * fire. They are known weakly: being in this list keeps nothing alive.
   *
   * <table>
   * <caption>Each map has</caption>
   * <tr><td>{@code kind}</td><td>String: {@code ticker}, {@code timer} or {@code context}</td></tr>
   * <tr><td>{@code site}</td><td>String: the frame that made it, the first outside the JDK and
   * Selvage, as {@code com.acme.Order.quote(Order.java:57)}; empty when there is none</td></tr>
   * <tr><td>{@code stack}</td><td>{@code List<StackTraceElement>}: where it was made, leaf first,
   * without Selvage's own first frames, at most 32</td></tr>
   * <tr><td>{@code ageNanos}</td><td>Long: since it was made</td></tr>
   * <tr><td>{@code creator}</td><td>String: name of the thread that made it, or {@code #} and its
   * identifier</td></tr>
   * <tr><td>{@code creatorEnded}</td><td>Boolean: that thread has ended, or is unreachable</td></tr>
   * <tr><td>{@code waiters}</td><td>Integer: threads blocked on its channel now</td></tr>
   * </table>
   */
  public static List<Map<String, Object>> resources() {
    return Resources.list();
  }
}
