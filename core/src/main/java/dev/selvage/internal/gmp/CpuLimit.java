package dev.selvage.internal.gmp;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How many processors this process may use: Go's rules since 1.25. The least of the processors it
 * is allowed to run on and the quota of its control group, rounded up, but at least 2 for a quota.
 * Reads version 1 and 2 of Linux's control groups; only the innermost group, as Go.
 */
final class CpuLimit {
  private final Path root;

  /** With the files below that root, which is {@code /} but in tests. */
  CpuLimit(Path root) {
    this.root = root;
  }

  /**
   * How many Ps there should be.
   *
   * @param jvm what the JVM counts. If that is neither the processors nor the quota, somebody told
   *     it so, and it counts
   */
  int procs(int jvm) {
    int allowed = allowed();
    if (allowed <= 0) {
      return jvm;
    }
    double quota = quota();
    if (quota <= 0) {
      return Math.min(jvm, allowed);
    }
    int rounded = (int) Math.min(Math.ceil(quota), allowed);
    return jvm == Math.max(1, rounded) || jvm == allowed
        ? Math.min(allowed, Math.max(2, rounded))
        : jvm;
  }

  /** The processors in the affinity mask; 0 if that is not known. */
  private int allowed() {
    for (String line : lines("proc/self/status")) {
      if (line.startsWith("Cpus_allowed_list:")) {
        return count(line.substring(line.indexOf(':') + 1).strip());
      }
    }
    return 0;
  }

  /** How many numbers are in a list such as {@code 0-3,8}; 0 if it is none. */
  static int count(String list) {
    int count = 0;
    try {
      for (String range : list.split(",", -1)) {
        int dash = range.indexOf('-');
        count +=
            dash < 0
                ? Integer.signum(Integer.parseInt(range) + 1)
                : Integer.parseInt(range.substring(dash + 1))
                    - Integer.parseInt(range.substring(0, dash))
                    + 1;
      }
    } catch (NumberFormatException e) {
      return 0;
    }
    return count;
  }

  /** The quota in processors; 0 if there is none. */
  private double quota() {
    String unified = null;
    for (String line : lines("proc/self/cgroup")) {
      String[] parts = line.split(":", 3);
      if (parts.length < 3) {
        continue;
      }
      if (List.of(parts[1].split(",", -1)).contains("cpu")) {
        Path group = group("cgroup", "cpu", parts[2]);
        return group == null
            ? 0
            : quota(
                first(group.resolve("cpu.cfs_quota_us")),
                first(group.resolve("cpu.cfs_period_us")));
      }
      if (parts[0].equals("0") && parts[1].isEmpty()) {
        unified = parts[2];
      }
    }
    Path group = unified == null ? null : group("cgroup2", null, unified);
    String[] max = group == null ? new String[0] : first(group.resolve("cpu.max")).split(" ", -1);
    return max.length < 2 ? 0 : quota(max[0], max[1]);
  }

  private static double quota(String quota, String period) {
    try {
      double q = Double.parseDouble(quota);
      double p = Double.parseDouble(period);
      return q > 0 && p > 0 ? q / p : 0;
    } catch (NumberFormatException e) {
      return 0; // "max", or no file
    }
  }

  /** Where a group's files are, by the list of mounts. */
  private @Nullable Path group(String type, @Nullable String controller, String path) {
    for (String line : lines("proc/self/mountinfo")) {
      String[] halves = line.split(" - ", 2);
      String[] left = halves[0].split(" ", -1);
      String[] right = halves.length < 2 ? new String[0] : halves[1].split(" ", -1);
      if (left.length < 5 || right.length < 3 || !right[0].equals(type)) {
        continue;
      }
      if (controller != null && !List.of(right[2].split(",", -1)).contains(controller)) {
        continue;
      }
      String mounted = left[3];
      String below =
          mounted.equals("/")
              ? path
              : path.startsWith(mounted) ? path.substring(mounted.length()) : "";
      return root.resolve(left[4].substring(1)).resolve(below.replaceFirst("^/+", ""));
    }
    return null;
  }

  private String first(Path file) {
    try {
      List<String> lines = Files.readAllLines(file);
      return lines.isEmpty() ? "" : lines.getFirst().strip();
    } catch (IOException | RuntimeException e) {
      return "";
    }
  }

  private List<String> lines(String file) {
    try {
      return Files.readAllLines(root.resolve(file));
    } catch (IOException | RuntimeException e) {
      return List.of(); // not Linux, or not to be read
    }
  }
}
