package dev.selvage.verification;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/** The program of {@code dumped}, compiled for all JDKs from 21 on. */
final class DumpedProgram {
  /** Its main class; arguments: how often each case is started, and how many orders there are. */
  static final String MAIN = "dev.selvage.verification.dumped.Program";

  private static final String OLDEST = "21";
  private static final Path SOURCES =
      Project.MODULE.resolve("src/test/java/dev/selvage/verification/dumped");

  private DumpedProgram() {}

  /** Compiles it into that directory, which is its class path then. */
  static String compile(Path directory) throws IOException {
    List<Path> sources;
    try (Stream<Path> files = Files.walk(SOURCES)) {
      // The marks of a package are for the checker, and need its library.
      sources =
          files
              .filter(file -> file.toString().endsWith(".java"))
              .filter(file -> !file.endsWith("package-info.java"))
              .toList();
    }
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    try (var manager = compiler.getStandardFileManager(null, Locale.ROOT, null)) {
      var said = new StringWriter();
      boolean compiled =
          compiler
              .getTask(
                  said,
                  manager,
                  null,
                  List.of("--release", OLDEST, "-proc:none", "-d", directory.toString()),
                  null,
                  manager.getJavaFileObjectsFromPaths(sources))
              .call();
      if (!compiled) {
        throw new AssertionError(said.toString());
      }
    }
    return directory.toString();
  }
}
