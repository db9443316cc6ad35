package dev.selvage.verification;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where things are in the checkout that is being tested. */
final class Project {
  /** The directory of this module: where Maven runs its tests. */
  static final Path MODULE = Path.of("").toAbsolutePath();

  /** The root of the checkout. */
  static final Path ROOT = MODULE.resolve("..").normalize();

  private Project() {}

  /** The agent's jar, which the build has made before this module's integration tests. */
  static Path agent() {
    Path jar = Path.of(System.getProperty("selvage.agent", "")).normalize();
    if (!Files.isRegularFile(jar)) {
      throw new AssertionError(
          "no agent jar at '" + jar + "': run these tests with mvn -pl verification -am verify");
    }
    return jar;
  }

  /** The classes of this module's programs: all that a program of plain JDK parts needs. */
  static String programs() {
    return MODULE.resolve("target/classes").toString();
  }

  /** The same and the language, for programs that are written in it. */
  static String programsInTheLanguage() {
    return programs() + File.pathSeparator + ROOT.resolve("core/target/classes");
  }

  /** The classes of the tests, among which are some small programs. */
  static String testClasses() {
    return MODULE.resolve("target/test-classes").toString();
  }

  /** The same and the language. */
  static String testClassesAndTheLanguage() {
    return testClasses() + File.pathSeparator + programsInTheLanguage();
  }

  /** The whole class path of the tests: for programs that need a library. */
  static String testClassPath() {
    return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
  }
}
