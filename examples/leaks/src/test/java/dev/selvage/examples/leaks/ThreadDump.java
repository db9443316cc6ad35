package dev.selvage.examples.leaks;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/** All threads of this JVM with their stacks, virtual ones too, as the JDK writes them. */
final class ThreadDump {
  private ThreadDump() {}

  /** How many frames of it contain the text. */
  static long framesWith(String text) throws IOException {
    Path directory = Files.createTempDirectory("threads");
    Path file = directory.resolve("dump.txt");
    try {
      ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
          .dumpThreads(file.toString(), ThreadDumpFormat.TEXT_PLAIN);
      return Files.readAllLines(file).stream().filter(line -> line.contains(text)).count();
    } finally {
      Files.deleteIfExists(file);
      Files.delete(directory);
    }
  }
}
