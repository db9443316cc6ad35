package dev.selvage.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The launcher at the root, run by bash in a tree of its own: with JDKs and a Maven that only say
 * that they were called. The usual places for JDKs are moved into that tree.
 */
@Timeout(60)
final class LauncherTest {
  private final Path root;
  private final Path checkout;
  private final Path path;
  private final List<String> environment = new ArrayList<>();

  LauncherTest(@TempDir Path root) throws IOException {
    this.root = root.toRealPath();
    checkout = Files.createDirectories(this.root.resolve("check out"));
    path = Files.createDirectories(this.root.resolve("path"));
  }

  private record Result(int code, String out, String err) {}

  @BeforeEach
  void copyTheLauncher() throws IOException {
    String launcher =
        Files.readString(Path.of("../selvage"))
            .replace("/usr/lib/jvm", root + "/usual")
            .replace("/opt/", root + "/opt/");
    executable(checkout.resolve("selvage"), launcher);
    for (String tool :
        List.of(
            "bash",
            "sed",
            "head",
            "find",
            "dirname",
            "basename",
            "readlink",
            "cat",
            "mkdir",
            "rm",
            "sleep",
            "touch",
            "tee",
            "flock")) {
      for (String bin : List.of("/bin", "/usr/bin")) {
        Path real = Path.of(bin, tool);
        if (Files.exists(real) && Files.notExists(path.resolve(tool))) {
          // Not a link: it would be warned of when the tree is removed.
          executable(path.resolve(tool), "#!/bin/sh\nexec " + real + " \"$@\"\n");
        }
      }
    }
  }

  @Test
  void withoutAJdkItSaysWhatItLookedAt() throws Exception {
    jdk("usual/java-17", "17.0.15");
    Result result = run();
    assertEquals(2, result.code, result.err);
    assertTrue(result.err.contains("no JDK 25 found: looked at"), result.err);
    assertEquals(1, result.err.lines().count(), result.err);
  }

  @Test
  void theVariableForItComesFirstAndIsTakenAtItsWord() throws Exception {
    release();
    Path wanted = jdk("somewhere/jdk", "25.0.9");
    jdk("usual/jdk-25", "25.0.10");
    environment.add("SELVAGE_JAVA_HOME=" + wanted);
    assertEquals("somewhere/jdk", used(run()));

    environment.clear();
    environment.add("SELVAGE_JAVA_HOME=" + jdk("somewhere/17", "17.0.15"));
    Result refused = run();
    assertEquals(2, refused.code);
    assertTrue(refused.err.contains("Java 17.0.15, not a JDK 25"), refused.err);
  }

  @Test
  void javaHomeIsUsedWhereItIsA25() throws Exception {
    release();
    jdk("usual/jdk-25", "25.0.10");
    environment.add("JAVA_HOME=" + jdk("home 25", "25"));
    assertEquals("home 25", used(run()));
    environment.clear();
    environment.add("JAVA_HOME=" + jdk("home17", "17.0.15"));
    assertEquals("usual/jdk-25", used(run()));
  }

  @Test
  void javaOnThePathIsFollowedThroughItsLinks() throws Exception {
    release();
    jdk("usual/jdk-25", "25.0.10");
    Path jdk = jdk("elsewhere/jdk", "25.0.1");
    Path link = Files.createSymbolicLink(root.resolve("alternative"), jdk.resolve("bin/java"));
    Files.createSymbolicLink(path.resolve("java"), link);
    assertEquals("elsewhere/jdk", used(run()));
  }

  @Test
  void ofTheUsualPlacesTheNewest25IsTaken() throws Exception {
    release();
    jdk("usual/a", "25.0.9");
    jdk("usual/b", "25.0.10");
    jdk("usual/c", "26");
    jdk("opt/jdk-25", "25.0.2");
    Path runtime = jdk("usual/d", "25.0.11");
    Files.delete(runtime.resolve("bin/javac"));
    assertEquals("usual/b", used(run()));
  }

  @Test
  void aJdkWithoutAReleaseFileIsAsked() throws Exception {
    release();
    Path jdk = jdk("usual/a", "25.0.3");
    Files.delete(jdk.resolve("release"));
    assertEquals("usual/a", used(run()));
  }

  @Test
  void argumentsArePassedAsTheyAreFromAnyDirectoryAndThroughALink() throws Exception {
    release();
    jdk("usual/a", "25.0.3");
    Path link = Files.createSymbolicLink(root.resolve("sv"), Path.of("check out/selvage"));
    Process process = start(link, "run", "--", "a b", "*", "");
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(out.contains("[" + checkout + "/lib/*]"), out);
    assertTrue(out.endsWith("[dev.selvage.cli.Selvage][run][--][a b][*][]\n"), out);
    assertTrue(out.contains("[-Dselvage.terminal=]"), out);
    assertEquals(7, process.waitFor());
  }

  @Test
  void withoutMavenItSaysSo() throws Exception {
    sources();
    jdk("usual/a", "25.0.3");
    Result result = run();
    assertEquals(2, result.code);
    assertTrue(result.err.contains("there is no Maven"), result.err);
    assertEquals(1, result.err.lines().count(), result.err);
  }

  @Test
  void aCheckoutIsBuiltOnceAndAgainWhenASourceChanges() throws Exception {
    sources();
    maven("exit 0");
    Path jdk = jdk("usual/a", "25.0.3");
    Result first = run();
    assertEquals(7, first.code, first.err);
    assertTrue(first.out.contains("[" + checkout + "/cli/target/dist/lib/*]"), first.out);
    assertTrue(first.err.contains("selvage:   Selvage core 0.1 [1/2]"), first.err);
    assertTrue(first.err.contains("built in"), first.err);
    assertEquals("-B -ntp -DskipTests -pl cli -am package on " + jdk + "\n", built());

    assertEquals("", run().err);
    assertEquals(1, built().lines().count());

    Path source = checkout.resolve("core/src/main/java/A.java");
    Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(5)));
    assertTrue(run().err.contains("built in"));
    assertEquals(2, built().lines().count());
  }

  @Test
  void aChangedTestIsNoReasonToBuild() throws Exception {
    sources();
    maven("exit 0");
    jdk("usual/a", "25.0.3");
    run();
    Path test = Files.createDirectories(checkout.resolve("core/src/test/java")).resolve("T.java");
    Files.writeString(test, "class T {}");
    Files.setLastModifiedTime(test, FileTime.from(Instant.now().plusSeconds(5)));
    assertEquals("", run().err);
  }

  @Test
  void aBuildThatFailsIsToldWithItsErrors() throws Exception {
    sources();
    maven("echo '[ERROR] no such thing'; exit 1");
    jdk("usual/a", "25.0.3");
    Result result = run();
    assertEquals(4, result.code, result.err);
    assertTrue(result.err.contains("[ERROR] no such thing"), result.err);
    assertTrue(result.err.contains("build failed"), result.err);
    assertTrue(result.err.contains("cli/target/build.log"), result.err);
  }

  @Test
  void firstUsesAtOnceBuildOnce() throws Exception {
    buildsOnce();
  }

  @Test
  void firstUsesAtOnceBuildOnceWhereThereIsNoFlock() throws Exception {
    Files.deleteIfExists(path.resolve("flock"));
    buildsOnce();
    assertFalse(Files.exists(checkout.resolve("cli/target/build.lock.d")));
  }

  private void buildsOnce() throws Exception {
    sources();
    maven("sleep 1; exit 0");
    jdk("usual/a", "25.0.3");
    List<Process> all = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      all.add(start(checkout.resolve("selvage"), "demo"));
    }
    for (Process process : all) {
      process.getInputStream().readAllBytes();
      String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
      assertEquals(7, process.waitFor(), err);
    }
    assertEquals(1, built().lines().count(), built());
  }

  @Test
  void aLauncherThatWasTornFromItsTreeSaysSo() throws Exception {
    jdk("usual/a", "25.0.3");
    Result result = run();
    assertEquals(2, result.code);
    assertTrue(result.err.contains("unpack the whole archive"), result.err);
  }

  /** Lays out what a released archive has beside the launcher. */
  private void release() throws IOException {
    Files.createDirectories(checkout.resolve("lib"));
    Files.writeString(checkout.resolve("lib/selvage-cli.jar"), "");
  }

  private void sources() throws IOException {
    for (String module : List.of("core", "diagnostics", "http", "agent", "cli", "examples")) {
      Files.createDirectories(checkout.resolve(module).resolve("src/main/java"));
    }
    for (String file : List.of("pom.xml", "cli/pom.xml", "core/src/main/java/A.java")) {
      Path source = Files.writeString(checkout.resolve(file), "");
      Files.setLastModifiedTime(source, FileTime.from(Instant.now().minusSeconds(60)));
    }
  }

  /** A Maven that writes down that it was called, and then does that. */
  private void maven(String then) throws IOException {
    executable(
        path.resolve("mvn"),
        """
        #!/bin/bash
        echo "$* on $JAVA_HOME" >>built
        echo "[INFO] Building Selvage core 0.1 [1/2]"
        mkdir -p cli/target/dist/lib
        cat >cli/target/dist/VERSION </dev/null
        """
            + then
            + "\n");
  }

  private String built() throws IOException {
    return Files.readString(checkout.resolve("built"));
  }

  /** A JDK whose java prints its own place and each argument between brackets, and gives 7. */
  private Path jdk(String name, String version) throws IOException {
    Path jdk = root.resolve(name);
    Files.createDirectories(jdk.resolve("bin"));
    Files.writeString(
        jdk.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
    executable(
        jdk.resolve("bin/java"),
        """
        #!/bin/bash
        if [ "$1" = -version ]; then echo 'openjdk version "%s" 2026-01-01' >&2; exit; fi
        printf '%%s ' "%s"
        printf '[%%s]' "$@"
        echo
        exit 7
        """
            .formatted(version, name));
    executable(jdk.resolve("bin/javac"), "#!/bin/bash\n");
    return jdk;
  }

  /** Which JDK was used. */
  private static String used(Result result) {
    assertEquals(7, result.code, result.err);
    return result.out.substring(0, result.out.indexOf(" ["));
  }

  private static void executable(Path file, String text) throws IOException {
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private Process start(Path launcher, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of("/usr/bin/env", "-i", "PATH=" + path));
    command.add("HOME=" + root.resolve("home"));
    command.addAll(environment);
    command.add(launcher.toString());
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).directory(root.toFile()).start();
  }

  private Result run() throws IOException, InterruptedException {
    Process process = start(checkout.resolve("selvage"), "demo");
    process.getOutputStream().close();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Result(process.waitFor(), out, err);
  }
}
