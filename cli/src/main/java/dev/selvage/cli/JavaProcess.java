package dev.selvage.cli;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A JVM on this machine, as far as it can be known without disturbing it.
 *
 * @param pid its process id
 * @param user whose it is; null where not known
 * @param own whether it is ours to examine: the same user's, or we are the administrator
 * @param java its version, as {@code 25.0.3}; null where not known
 * @param main its main class, module or jar; null where not known
 * @param attachDisabled whether it was started with its attach mechanism disabled
 * @param elsewhere whether it runs in another container and sees other files than we do
 */
record JavaProcess(
    long pid,
    @Nullable String user,
    boolean own,
    @Nullable String java,
    @Nullable String main,
    boolean attachDisabled,
    boolean elsewhere) {

  /** The number of its Java release, as 25; 0 where not known. */
  int release() {
    if (java == null) {
      return 0;
    }
    String[] parts = java.split("[.+_-]", -1);
    try {
      int first = Integer.parseInt(parts[0]);
      return first == 1 && parts.length > 1 ? Integer.parseInt(parts[1]) : first;
    } catch (NumberFormatException _) {
      return 0; // A version in no form we know is as good as none.
    }
  }

  /** Why it cannot be examined, and what to do about that; null where it can. */
  @Nullable String obstacle() {
    if (!own) {
      return "belongs to user " + user + ": run selvage as that user (sudo -u " + user + ")";
    }
    if (release() != 0 && release() < 25) {
      return "runs Java " + java + ", and Selvage needs Java 25 or newer: start it with a JDK 25";
    }
    if (attachDisabled) {
      return "was started with -XX:+DisableAttachMechanism: restart it without, or under selvage"
          + " run";
    }
    if (elsewhere) {
      return "runs in another container: run selvage inside that one";
    }
    return null;
  }

  /** What a person knows it by, without what could steer the terminal that shows it. */
  String label() {
    return main == null ? "(main class not known)" : main.replaceAll("[\\p{Cntrl}\\p{Cf}]", "?");
  }

  /** Whether it is this command, which has started another, or looks at one. */
  boolean isCommand() {
    return main != null && main.matches("(.*/)?" + Pattern.quote(Selvage.class.getName()));
  }
}
