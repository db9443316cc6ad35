package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.selvage.verification.SelvageCommand.Result;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Processes of another user, seen by one who may do nothing with them, and by the administrator.
 * Only that one can be both, so others skip this.
 */
@Timeout(120)
final class OtherUsersIT {
  private static final int DONE = 0;
  private static final int UNREACHABLE = 3;
  private static final String ADMINISTRATOR = "root";

  /** A user that every Linux has, and that owns nothing. */
  private static final List<String> AS_NOBODY =
      List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups");

  private static final String CLASSES =
      Project.testClasses() + File.pathSeparator + Project.programs();

  private final Path directory;

  OtherUsersIT(@TempDir Path directory) {
    this.directory = directory;
  }

  @BeforeEach
  void whoCanBeAnother() throws Exception {
    assumeTrue(
        System.getProperty("user.name").equals(ADMINISTRATOR),
        "only the administrator can be another user");
    Path lib = Project.ROOT.resolve("cli/target/dist/lib");
    boolean other;
    try {
      other = asNobody(List.of("test", "-r", lib.resolve("selvage-agent.jar").toString()));
    } catch (IOException e) {
      other = false; // there is no such command here
    }
    assumeTrue(other, "another user cannot be had, or cannot read " + lib);
    // So that a JVM of that user sees what asks it to attach.
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private boolean asNobody(List<String> command) throws IOException, InterruptedException {
    var words = new ArrayList<>(AS_NOBODY);
    words.addAll(command);
    return new ProcessBuilder(words)
            .redirectErrorStream(true)
            .redirectOutput(Redirect.DISCARD)
            .start()
            .waitFor()
        == 0;
  }

  private Result runAsNobody(String... arguments) throws IOException, InterruptedException {
    var words = new ArrayList<>(AS_NOBODY);
    ProcessBuilder command = SelvageCommand.of(arguments).directory(directory.toFile());
    words.addAll(command.command());
    return SelvageCommand.run(command.command(words), directory.resolve("err"));
  }

  private static void assertOneLine(String told, Result result) {
    assertEquals(UNREACHABLE, result.code(), result.err());
    assertEquals("selvage: " + told + "\n", result.err());
    assertEquals("", result.out());
  }

  @Test
  void who_is_neither_its_user_nor_the_administrator_is_told_whose_it_is() throws Exception {
    Process sleeping = new ProcessBuilder("sleep", "120").start();
    try (Target jvm = Target.java().classPath(CLASSES).start(directory, Leaving.class, "first")) {
      jvm.await("ready");
      for (String command : List.of("leaks", "stacks")) {
        assertOneLine(
            "process "
                + jvm.pid()
                + " belongs to user root: run selvage as that user (sudo -u root)",
            runAsNobody(command, Long.toString(jvm.pid())));
      }
      // Of a process that is no JVM nothing more is said, since it may be one.
      assertOneLine(
          "process " + sleeping.pid() + " belongs to user root: run selvage as that user",
          runAsNobody("leaks", Long.toString(sleeping.pid())));
      Result list = runAsNobody("ps");
      assertEquals(DONE, list.code(), list.err());
      assertTrue(
          list.out()
              .lines()
              .anyMatch(
                  line ->
                      line.strip().startsWith(Long.toString(jvm.pid()))
                          && line.contains("belongs to user root")),
          list.out());
      assertEquals("", jvm.stderr(), "nobody has touched it");
    } finally {
      sleeping.destroyForcibly();
    }
  }

  @Test
  void the_administrator_can_look_at_a_program_of_anybody() throws Exception {
    try (Target jvm =
        Target.java().by(AS_NOBODY).classPath(CLASSES).start(directory, Leaving.class, "first")) {
      jvm.await("ready");
      Result leaks =
          SelvageCommand.run(
              SelvageCommand.of("leaks", Long.toString(jvm.pid()), "--watch=0s"),
              directory.resolve("err"));
      assertEquals(DONE, leaks.code(), leaks.err());
      assertTrue(leaks.out().startsWith("LEAK  proven  BlockingQueue.put  x1"), leaks.out());
    }
  }
}
