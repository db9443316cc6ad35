package dev.selvage.diagnostics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * What a container lets this process have, by Linux's control groups, of version 2 or 1: the least
 * of its own group and those above, as far as they can be seen. Immutable.
 *
 * @param processors the quota, as 1.5; empty where there is none
 * @param memory in bytes; empty where there is none
 */
public record ControlGroup(OptionalDouble processors, OptionalLong memory) {
  private static final long NO_LIMIT = 1L << 60; // version 1 says it with a number near 2⁶³

  /** That of this process, read now. */
  public static ControlGroup ofThisProcess() {
    return of(Path.of("/"));
  }

  /** The same by the files below that root. */
  static ControlGroup of(Path root) {
    double processors = Double.MAX_VALUE;
    long memory = NO_LIMIT;
    Path mounted = root.resolve("sys/fs/cgroup");
    for (String line : lines(root.resolve("proc/self/cgroup"))) {
      String[] parts = line.split(":", 3);
      if (parts.length < 3) {
        continue;
      }
      List<String> controllers = List.of(parts[1].split(",", -1));
      boolean unified = parts[1].isEmpty();
      if (unified || controllers.contains("cpu")) {
        Path top = unified ? mounted : mounted.resolve("cpu");
        for (Path group : upwards(top, parts[2])) {
          processors = Math.min(processors, quota(group, unified));
        }
      }
      if (unified || controllers.contains("memory")) {
        Path top = unified ? mounted : mounted.resolve("memory");
        for (Path group : upwards(top, parts[2])) {
          String file = unified ? "memory.max" : "memory.limit_in_bytes";
          memory = Math.min(memory, number(first(group.resolve(file)), NO_LIMIT));
        }
      }
    }
    return new ControlGroup(
        processors == Double.MAX_VALUE ? OptionalDouble.empty() : OptionalDouble.of(processors),
        memory >= NO_LIMIT ? OptionalLong.empty() : OptionalLong.of(memory));
  }

  /** The group and those above it; one that cannot be seen from inside a container has no files. */
  private static List<Path> upwards(Path top, String path) {
    List<Path> groups = new java.util.ArrayList<>();
    Path group = top.resolve(path.replaceFirst("^/+", "")).normalize();
    while (group != null && group.startsWith(top)) {
      groups.add(group);
      group = group.getParent();
    }
    if (groups.isEmpty()) {
      groups.add(top);
    }
    return groups;
  }

  private static double quota(Path group, boolean unified) {
    String[] words =
        unified
            ? first(group.resolve("cpu.max")).split(" ", -1)
            : new String[] {
              first(group.resolve("cpu.cfs_quota_us")), first(group.resolve("cpu.cfs_period_us"))
            };
    if (words.length < 2) {
      return Double.MAX_VALUE;
    }
    long quota = number(words[0], -1);
    long period = number(words[1], -1);
    return quota > 0 && period > 0 ? (double) quota / period : Double.MAX_VALUE;
  }

  private static long number(String text, long otherwise) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException _) {
      return otherwise; // "max", or no file
    }
  }

  private static String first(Path file) {
    List<String> lines = lines(file);
    return lines.isEmpty() ? "" : lines.getFirst().strip();
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException | RuntimeException _) {
      return List.of(); // not Linux, or not to be read
    }
  }
}
