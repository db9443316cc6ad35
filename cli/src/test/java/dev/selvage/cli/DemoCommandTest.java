package dev.selvage.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code selvage demo} in a process of its own, with a demo that only sleeps. */
@Timeout(120)
final class DemoCommandTest {
  private static final String PACKAGE = "dev.selvage.examples.leaks";

  @Test
  void whoEndsTheDemoHearsNoComplaint(@TempDir Path directory) throws Exception {
    FakeInstallation installation = FakeInstallation.in(directory);
    demo(installation.lib().resolve("examples"));
    Process process = installation.command("demo").start();
    try (BufferedReader err = process.errorReader()) {
      String line = err.readLine();
      while (line != null && !line.equals("ready")) {
        line = err.readLine();
      }
      assertEquals("ready", line);
      process.toHandle().destroy(); // Unlike that of the process, it leaves its output to be read.
      assertTrue(process.waitFor(60, TimeUnit.SECONDS));
      assertEquals(128 + 15, process.exitValue());
      String rest = err.lines().collect(Collectors.joining("\n"));
      assertFalse(rest.contains("selvage:"), rest);
    }
  }

  @Test
  void theAgentIsToldWhichScheduler(@TempDir Path directory) throws Exception {
    FakeInstallation installation = FakeInstallation.in(directory);
    demo(installation.lib().resolve("examples"));
    Path told = directory.resolve("options");
    ProcessBuilder command = installation.command("demo", "--scheduler", "gmp");
    command.environment().put("JAVA_TOOL_OPTIONS", "-Dfake.options=" + told);
    Process process = command.start();
    try (BufferedReader err = process.errorReader()) {
      String line = err.readLine();
      while (line != null && !line.equals("ready")) {
        line = err.readLine();
      }
      assertEquals("ready", line);
      String options = Files.readString(told);
      assertTrue(options.contains("scheduler=gmp"), options);
    } finally {
      process.toHandle().destroy();
      assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    }
  }

  private static void demo(Path lib) throws IOException {
    Files.createDirectories(lib);
    MethodTypeDesc main =
        MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_String.arrayType());
    ClassDesc target = Target.class.describeConstable().orElseThrow();
    byte[] demo =
        ClassFile.of()
            .build(
                ClassDesc.of(PACKAGE, "Demo"),
                type ->
                    type.withMethodBody(
                        "main",
                        main,
                        ClassFile.ACC_PUBLIC | ClassFile.ACC_STATIC,
                        code ->
                            code.iconst_1()
                                .anewarray(ConstantDescs.CD_String)
                                .dup()
                                .iconst_0()
                                .ldc("sleep")
                                .aastore()
                                .invokestatic(target, "main", main)
                                .return_()));
    try (var out =
            new JarOutputStream(Files.newOutputStream(lib.resolve("selvage-examples-leaks.jar")));
        InputStream sleeps = Target.class.getResourceAsStream("Target.class")) {
      if (sleeps == null) {
        throw new IOException("no class file of " + Target.class);
      }
      String prefix = PACKAGE.replace('.', '/') + "/";
      put(out, prefix + "Demo.class", demo);
      put(out, prefix + "expected.txt", "1\tX\n".getBytes(StandardCharsets.UTF_8));
      put(out, Target.class.getName().replace('.', '/') + ".class", sleeps.readAllBytes());
    }
  }

  private static void put(JarOutputStream out, String name, byte[] bytes) throws IOException {
    out.putNextEntry(new JarEntry(name));
    out.write(bytes);
  }
}
