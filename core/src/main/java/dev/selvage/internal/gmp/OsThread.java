package dev.selvage.internal.gmp;

import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What the operating system tells of one thread, to anybody who asks: on Linux, in {@code
 * /proc/PID/task/TID}. Elsewhere nothing is told. A question costs some microseconds and does not
 * block.
 */
final class OsThread {
  private final String stat;
  private final String schedstat;

  private OsThread(String directory) {
    stat = directory + "/stat";
    schedstat = directory + "/schedstat";
  }

  /** The current one, which is a platform thread; null where nothing is told. */
  static @Nullable OsThread current() {
    try {
      // PID/task/TID
      Path self = Path.of("/proc").resolve(Files.readSymbolicLink(Path.of("/proc/thread-self")));
      var thread = new OsThread(self.toString());
      return thread.cpuNanos() < 0 ? null : thread;
    } catch (IOException | RuntimeException e) {
      return null;
    }
  }

  /**
   * The processor time that it has used, in nanoseconds; what it has used since the last tick of
   * the kernel's clock may be missing. -1 if that is not known, or the thread has ended.
   */
  long cpuNanos() {
    String text = read(schedstat);
    int end = text.indexOf(' ');
    try {
      return end < 0 ? -1 : Long.parseLong(text.substring(0, end));
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  /** Whether it is on a processor, or waits for nothing but one. */
  boolean isRunnable() {
    String text = read(stat);
    int name = text.lastIndexOf(')'); // which may contain anything
    return name >= 0 && text.startsWith("R", name + 2);
  }

  private static String read(String file) {
    byte[] bytes = new byte[1024];
    try (var in = new FileInputStream(file)) {
      int n = in.read(bytes);
      return new String(bytes, 0, Math.max(0, n), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return ""; // it has ended
    }
  }
}
