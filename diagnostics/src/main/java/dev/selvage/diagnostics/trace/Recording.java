package dev.selvage.diagnostics.trace;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What was recorded in one copy of the language, read from what its probe gave.
 *
 * @param origin what its times count from
 * @param from nothing is missing from there on
 * @param to until there
 * @param procs GOMAXPROCS
 * @param lost how many events found no room
 * @param full whether it ended for want of room
 */
record Recording(
    long origin,
    long from,
    long to,
    int procs,
    long lost,
    boolean full,
    List<String> strings,
    List<List<StackTraceElement>> stacks,
    List<Events> threads) {

  private static final int VERSION = 1;

  /** Null if it is of a version that is not known here. */
  static @Nullable Recording of(@Nullable Object snapshot) {
    if (!(snapshot instanceof Map<?, ?> map)
        || !(map.get("version") instanceof Integer version)
        || version != VERSION) {
      return null;
    }
    List<Events> threads = new ArrayList<>();
    for (Object one : list(map.get("threads"))) {
      if (one instanceof Map<?, ?> thread
          && thread.get("id") instanceof Long id
          && thread.get("name") instanceof String name) {
        List<byte[]> chunks = list(thread.get("chunks")).stream().map(byte[].class::cast).toList();
        List<Long> bases = list(thread.get("bases")).stream().map(Long.class::cast).toList();
        threads.add(
            new Events(id, name, Boolean.TRUE.equals(thread.get("machine")), chunks, bases));
      }
    }
    List<List<StackTraceElement>> stacks = new ArrayList<>();
    for (Object stack : list(map.get("stacks"))) {
      stacks.add(list(stack).stream().map(StackTraceElement.class::cast).toList());
    }
    return new Recording(
        number(map.get("origin")),
        number(map.get("from")),
        number(map.get("to")),
        (int) number(map.get("procs")),
        number(map.get("lost")),
        Boolean.TRUE.equals(map.get("full")),
        list(map.get("strings")).stream().map(String.class::cast).toList(),
        stacks,
        threads);
  }

  private static List<?> list(@Nullable Object o) {
    return o instanceof List<?> list ? list : List.of();
  }

  private static long number(@Nullable Object o) {
    return o instanceof Number n ? n.longValue() : 0;
  }

  String string(long number) {
    return number > 0 && number <= strings.size() ? strings.get((int) number - 1) : "";
  }

  List<StackTraceElement> stack(long number) {
    return number > 0 && number <= stacks.size() ? stacks.get((int) number - 1) : List.of();
  }
}
