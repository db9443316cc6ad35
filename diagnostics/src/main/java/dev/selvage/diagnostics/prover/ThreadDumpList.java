package dev.selvage.diagnostics.prover;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import dev.selvage.diagnostics.GoroutineInfo;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.jdk.Jdk.Activity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The virtual threads of a JVM that lets nobody look inside, from the thread dump that it writes
 * for everybody. Slower, without containers, and nothing can be proven of them.
 */
final class ThreadDumpList {
  private static final Pattern HEADER =
      Pattern.compile("#(\\d+) \"(.*)\" virtual(?: ([A-Z_]+))?.*");
  // an optional loader, recognised by a second slash that follows; an optional module; class,
  // method, source
  private static final Pattern FRAME =
      Pattern.compile(
          "\\s+(?:at )?(?:[^/()\\s]*/(?=[^/()]*/))?(?:([^/()\\s]*)/)?"
              + "([^/()\\s]+)\\.([^.()\\s]+)\\(([^)]*)\\)\\s*");

  private ThreadDumpList() {}

  /** Counts them, as far as their public state tells. */
  static Report.Goroutines count() {
    int blocked = 0;
    int timed = 0;
    int io = 0;
    Map<String, Integer> unprovable = new LinkedHashMap<>();
    List<GoroutineInfo> all = of();
    for (GoroutineInfo thread : all) {
      switch (thread.waitReason()) {
        case NONE -> {}
        case SLEEP, TIMED -> {
          blocked++;
          timed++;
        }
        case IO -> {
          blocked++;
          io++;
        }
        default -> {
          blocked++;
          unprovable.merge(thread.waitReason().text(), 1, Integer::sum);
        }
      }
    }
    return new Report.Goroutines(all.size(), blocked, unprovable, 0, -1, timed, io);
  }

  static List<GoroutineInfo> of() {
    try {
      Path directory = Files.createTempDirectory("selvage");
      Path file = directory.resolve("threads.txt");
      try {
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
            .dumpThreads(file.toAbsolutePath().toString(), ThreadDumpFormat.TEXT_PLAIN);
        return parse(Files.readAllLines(file));
      } finally {
        Files.deleteIfExists(file);
        Files.delete(directory);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the JVM could not write its thread dump", e);
    }
  }

  static List<GoroutineInfo> parse(List<String> lines) {
    List<GoroutineInfo> threads = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      Matcher header = HEADER.matcher(lines.get(i));
      if (!header.matches()) {
        continue;
      }
      List<StackTraceElement> stack = new ArrayList<>();
      while (i + 1 < lines.size() && lines.get(i + 1).startsWith(" ")) {
        Matcher frame = FRAME.matcher(lines.get(++i));
        if (frame.matches()) {
          stack.add(frame(frame));
        }
      }
      StackTraceElement[] frames = stack.toArray(StackTraceElement[]::new);
      threads.add(
          new GoroutineInfo(
              Long.parseLong(header.group(1)),
              header.group(2),
              Waits.classify(activity(header.group(3)), frames),
              OptionalLong.empty(),
              false,
              "",
              stack));
    }
    return threads;
  }

  private static Activity activity(String state) {
    return switch (state == null ? "" : state) {
      case "WAITING" -> Activity.PARKED;
      case "TIMED_WAITING" -> Activity.TIMED;
      case "BLOCKED" -> Activity.MONITOR_ENTER;
      default -> Activity.RUNNABLE;
    };
  }

  private static StackTraceElement frame(Matcher frame) {
    String module = frame.group(1);
    String where = frame.group(4);
    int colon = where.lastIndexOf(':');
    boolean isNative = where.equals("Native Method");
    String file =
        isNative || where.equals("Unknown Source")
            ? null
            : colon < 0 ? where : where.substring(0, colon);
    int line = isNative ? -2 : colon < 0 ? -1 : Integer.parseInt(where.substring(colon + 1));
    return new StackTraceElement(
        null,
        module == null || module.isEmpty() ? null : module.replaceAll("@.*", ""),
        null,
        frame.group(2),
        frame.group(3),
        file,
        line);
  }
}
