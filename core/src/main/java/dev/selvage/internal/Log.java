package dev.selvage.internal;

import java.lang.System.Logger.Level;

/** The one logger of the language, {@code dev.selvage}. */
public final class Log {
  private static final System.Logger LOGGER = System.getLogger("dev.selvage");

  private Log() {}

  /** Says what is wrong with the program, if it is not any one exception. */
  public static void error(String what) {
    LOGGER.log(Level.ERROR, what);
  }

  /** Says that something went wrong that nobody else will hear of. */
  public static void error(String what, Throwable why) {
    LOGGER.log(Level.ERROR, what, why);
  }

  /** Says that something is not as it was asked for. */
  public static void warn(String what) {
    LOGGER.log(Level.WARNING, what);
  }
}
