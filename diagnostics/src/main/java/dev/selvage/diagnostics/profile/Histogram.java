package dev.selvage.diagnostics.profile;

import dev.selvage.diagnostics.text.ClassNames;
import java.lang.management.ManagementFactory;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * The JVM's class histogram: how many objects of each class the heap has, and how large they are.
 * Each one stops the program while the heap is walked.
 */
final class Histogram {
  // "   1:         32119        4111232  [B (java.base@25)"
  private static final Pattern LINE =
      Pattern.compile("\\s*\\d+:\\s+(\\d+)\\s+(\\d+)\\s+(\\S+)(?:\\s.*)?");

  private Histogram() {}

  /**
   * The objects of one class.
   *
   * @param count how many
   * @param bytes their own size, without what they refer to
   */
  record Entry(long count, long bytes) {}

  /** Of all objects, garbage among them. */
  static Map<String, Entry> ofAll() throws ProfileException {
    return take("-all");
  }

  /** Of all reachable objects: the JVM collects first. */
  static Map<String, Entry> ofLive() throws ProfileException {
    return take();
  }

  private static Map<String, Entry> take(String... arguments) throws ProfileException {
    try {
      Object text =
          ManagementFactory.getPlatformMBeanServer()
              .invoke(
                  new ObjectName("com.sun.management:type=DiagnosticCommand"),
                  "gcClassHistogram",
                  new Object[] {arguments},
                  new String[] {String[].class.getName()});
      return parse(String.valueOf(text));
    } catch (JMException e) {
      throw new ProfileException("this JVM has no class histogram: " + e.getMessage(), e);
    }
  }

  static Map<String, Entry> parse(String text) {
    Map<String, Entry> entries = new LinkedHashMap<>();
    text.lines()
        .forEach(
            line -> {
              Matcher m = LINE.matcher(line);
              if (m.matches()) {
                entries.merge(
                    ClassNames.readable(m.group(3)),
                    new Entry(Long.parseLong(m.group(1)), Long.parseLong(m.group(2))),
                    (a, b) -> new Entry(a.count + b.count, a.bytes + b.bytes));
              }
            });
    return entries;
  }

  /** What there is more or less than before; classes that stayed the same are left out. */
  static Map<String, Entry> since(Map<String, Entry> after, Map<String, Entry> before) {
    Map<String, Entry> delta = new HashMap<>();
    after.forEach(
        (type, entry) -> {
          Entry old = before.getOrDefault(type, new Entry(0, 0));
          delta.put(type, new Entry(entry.count - old.count, entry.bytes - old.bytes));
        });
    before.forEach((type, entry) -> delta.putIfAbsent(type, new Entry(-entry.count, -entry.bytes)));
    delta.values().removeIf(entry -> entry.count == 0 && entry.bytes == 0);
    return delta;
  }
}
