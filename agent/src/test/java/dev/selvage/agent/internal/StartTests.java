package dev.selvage.agent.internal;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What is certain is said, and nothing else; the rest is tested on real processes. */
class StartTests {
  private static boolean failed(String... types) {
    return Start.failed(
        Stream.of(types)
            .map(type -> new StackTraceElement(type, "method", null, -1))
            .toArray(StackTraceElement[]::new));
  }

  @Test
  void onlyALauncherThatEndsTheJvmHasFailed() {
    assertTrue(failed("java.lang.Shutdown", "java.lang.System", "sun.launcher.LauncherHelper"));
    assertFalse(failed("java.lang.Shutdown", "java.lang.System", "com.acme.Main"));
    assertFalse(
        failed(
            "java.lang.Shutdown", "com.acme.Main", "com.sun.tools.javac.launcher.SourceLauncher"));
    assertFalse(failed("java.lang.Shutdown", "java.lang.Thread"));
    assertFalse(failed("java.lang.Thread", "sun.launcher.LauncherHelper"));
    assertFalse(failed());
  }

  @Test
  void whatBelongsToAModuleOrIsThereIsLeftToJava() {
    ClassLoader loader = StartTests.class.getClassLoader();
    assertNull(Start.fault("jdk.compiler/com.sun.tools.Main A.java", "", loader));
    assertNull(Start.fault("", ".", loader));
    // inherits from something that may have a main method
    assertNull(Start.fault(Heir.class.getName() + " x y", ".", loader));
  }

  /** Has no main method of its own. */
  static final class Heir extends Exception {
    private static final long serialVersionUID = 1;
  }
}
