package dev.selvage.verification.stress;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * After each test no virtual thread may be left, whoever started it: the JVM's own dump is asked,
 * and asked again, since the last to end may need a moment.
 */
final class NobodyLeft implements AfterEachCallback {
  private static final int PATIENCE_MILLIS = 20_000;
  private static final Pattern VIRTUAL = Pattern.compile("#\\d+ \".*\" virtual .*");

  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    check(PATIENCE_MILLIS);
  }

  /** Throws if there still are virtual threads after that time. */
  static void check(int patienceMillis) throws IOException, InterruptedException {
    List<String> left = virtualThreads();
    for (int waited = 0; !left.isEmpty(); waited += 20) {
      if (waited >= patienceMillis) {
        throw new AssertionError("goroutines are left:\n" + String.join("\n", left));
      }
      Thread.sleep(20);
      left = virtualThreads();
    }
  }

  private static List<String> virtualThreads() throws IOException {
    Path directory = Files.createTempDirectory("threads");
    Path dump = directory.resolve("dump");
    try {
      ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
          .dumpThreads(dump.toString(), ThreadDumpFormat.TEXT_PLAIN);
      return Files.readAllLines(dump).stream().filter(l -> VIRTUAL.matcher(l).matches()).toList();
    } finally {
      Files.deleteIfExists(dump);
      Files.delete(directory);
    }
  }
}
