package dev.selvage.diagnostics;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How what is found is judged.
 *
 * @param excuses what is on purpose
 * @param blockedLonger for how long a thread must be blocked to be suspected for that alone; null
 *     if it is not
 */
public record Rules(Excuses excuses, @Nullable Duration blockedLonger) {
  /** Nothing is excused, and nobody is suspected for the time alone. */
  public static final Rules NONE = new Rules(Excuses.NONE, null);

  public Rules {
    if (blockedLonger != null && !blockedLonger.isPositive()) {
      throw new IllegalArgumentException("longer than no time is everybody: " + blockedLonger);
    }
  }

  /** These and more: all excuses, and the other's time if it has one. */
  public Rules and(Rules more) {
    return new Rules(
        excuses.and(more.excuses), more.blockedLonger == null ? blockedLonger : more.blockedLonger);
  }
}
