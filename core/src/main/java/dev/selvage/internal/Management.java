package dev.selvage.internal;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the JVM tells everybody of itself, where the modules for that are there: linking this class
 * fails otherwise.
 */
final class Management {
  /** There as soon as a shutdown hook was registered. */
  static final Classes HOOKS =
      new Classes("java.lang.ApplicationShutdownHooks", "java.lang.ApplicationShutdownHooks$1");

  /** There as soon as somebody handles signals. */
  static final Classes SIGNALS =
      new Classes("sun.misc.Signal", "sun.misc.Signal$InternalMiscHandler");

  private Management() {}

  // --------------- Classes ---------------

  /**
   * Classes of the JDK that are loaded together when something is first used. Nothing tells whether
   * they are; but loading one that is there already loads nothing, and the JVM counts what it
   * loads. So it can be asked once for each class. For one thread.
   */
  static final class Classes {
    private final String[] names;
    private int asked;
    private boolean found;

    Classes(String... names) {
      this.names = names;
    }

    /** Whether none of them was ever loaded but by this; false when that can be told no more. */
    boolean neverLoaded() {
      if (found || asked == names.length || !Canary.COUNTS) {
        return false;
      }
      found = !loadsOne(names[asked++], ClassLoader.getPlatformClassLoader());
      return !found;
    }
  }

  /** Whether the JVM counts as expected. */
  private static final class Canary {
    // A literal would load it.
    private static final String UNUSED = Canary.class.getName() + "$Unused";

    static final boolean COUNTS =
        loadsOne(UNUSED, Canary.class.getClassLoader())
            && !loadsOne(UNUSED, Canary.class.getClassLoader());

    @SuppressWarnings("unused") // never but to be loaded
    private static final class Unused {}
  }

  private static boolean loadsOne(String name, @Nullable ClassLoader loader) {
    loadedClasses(); // its own classes
    long before = loadedClasses();
    try {
      Class.forName(name, false, loader);
    } catch (ClassNotFoundException e) {
      return true; // a JDK without it: nobody has it
    }
    return loadedClasses() == before + 1;
  }

  private static long loadedClasses() {
    return ManagementFactory.getClassLoadingMXBean().getTotalLoadedClassCount();
  }

  // --------------- Threads ---------------

  /** Whether exactly those virtual threads are there, but for the JDK's own that poll sockets. */
  static boolean listsAllVirtualThreads(Set<Long> expected) {
    HotSpotDiagnosticMXBean bean =
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    if (bean == null) {
      return false;
    }
    try {
      // Nobody else may read it, nor put something else in its place.
      Path directory = Files.createTempDirectory("selvage");
      Path file = directory.resolve("threads.json");
      try {
        bean.dumpThreads(file.toAbsolutePath().toString(), ThreadDumpFormat.JSON);
        try (BufferedReader lines = Files.newBufferedReader(file)) {
          return lists(lines, expected);
        }
      } finally {
        Files.deleteIfExists(file);
        Files.delete(directory);
      }
    } catch (IOException e) {
      return false; // no place for the file: it cannot be told
    }
  }

  /**
   * Reads the dump, which has one member of one object a line; a name cannot look like one, as it
   * is quoted.
   */
  static boolean lists(BufferedReader lines, Set<Long> expected) throws IOException {
    Set<Long> missing = new HashSet<>(expected);
    long thread = -1;
    boolean virtual = false;
    boolean waiting = false;
    boolean polls = false;
    for (String line; ; ) {
      line = lines.readLine();
      String member = line == null ? "" : line.strip();
      if (line == null || member.startsWith("\"tid\":")) {
        boolean known = missing.remove(thread);
        if (virtual && !polls && !(known && waiting)) {
          return false;
        }
        if (line == null) {
          return missing.isEmpty();
        }
        thread = number(member);
        virtual = false;
        waiting = false;
        polls = false;
      } else if (member.equals("\"virtual\": true,")) {
        virtual = true;
      } else if (member.equals("\"state\": \"WAITING\",")) {
        waiting = true;
      } else if (member.contains(".Poller.") && member.contains("ollerLoop(")) {
        polls = true;
      }
    }
  }

  private static long number(String member) throws IOException {
    String digits = member.replaceAll("[^0-9]", "");
    if (digits.isEmpty()) {
      throw new IOException("a thread without a number: " + member);
    }
    return Long.parseLong(digits);
  }
}
