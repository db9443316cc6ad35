package dev.selvage.cli;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.databind.JsonNode;
import dev.selvage.diagnostics.Report;
import dev.selvage.observe.WaitReason;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import picocli.CommandLine;

/** A directory of jars as the command is run from, with {@link FakeAgent} for the agent. */
final class FakeInstallation {
  private final Path lib;
  private final Path classes;

  private FakeInstallation(Path lib, Path classes) {
    this.lib = lib;
    this.classes = classes;
  }

  static FakeInstallation in(Path directory) throws IOException {
    Path lib = Files.createDirectories(directory.resolve("lib"));
    copy(Selvage.class, lib.resolve("selvage-cli.jar"));
    copy(Report.class, lib.resolve("selvage-diagnostics.jar"));
    copy(WaitReason.class, lib.resolve("selvage-core.jar"));
    copy(CommandLine.class, lib.resolve("picocli.jar"));
    copy(JsonNode.class, lib.resolve("jackson-databind.jar"));
    copy(JsonFactory.class, lib.resolve("jackson-core.jar"));
    copy(JsonProperty.class, lib.resolve("jackson-annotations.jar"));
    agent(lib.resolve("selvage-agent.jar"));
    Path classes = directory.resolve("classes/dev/selvage/cli");
    Files.createDirectories(classes);
    try (InputStream in = bytes(Target.class)) {
      Files.copy(in, classes.resolve("Target.class"));
    }
    return new FakeInstallation(lib, directory.resolve("classes"));
  }

  Path lib() {
    return lib;
  }

  /** The command in a process of its own. */
  ProcessBuilder command(String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                java(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                lib + "/*",
                "dev.selvage.cli.Selvage"));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command);
  }

  /** What to say to java for {@link Target} with those arguments. */
  List<String> target(List<String> jvmOptions, String... arguments) {
    List<String> all = new ArrayList<>(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    all.addAll(jvmOptions);
    all.addAll(List.of("-cp", classes.toString(), Target.class.getName()));
    all.addAll(List.of(arguments));
    return all;
  }

  /** Starts {@link Target} asleep, without the agent, and waits until it is. */
  Process sleeper(String... jvmOptions) throws IOException {
    return start("sleep", jvmOptions);
  }

  /** Starts {@link Target} with that argument, and waits until it says that it is ready. */
  Process start(String what, String... jvmOptions) throws IOException {
    List<String> command = new ArrayList<>(List.of(java()));
    command.addAll(target(List.of(jvmOptions), what));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    String line = process.inputReader().readLine();
    if (!"ready".equals(line)) {
      throw new IOException("the program said " + line);
    }
    return process;
  }

  static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  private static void agent(Path jar) throws IOException {
    var manifest = new Manifest();
    Attributes main = manifest.getMainAttributes();
    main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    main.putValue("Premain-Class", FakeAgent.class.getName());
    main.putValue("Agent-Class", FakeAgent.class.getName());
    try (var out = new JarOutputStream(Files.newOutputStream(jar), manifest);
        InputStream in = bytes(FakeAgent.class)) {
      out.putNextEntry(new JarEntry(FakeAgent.class.getName().replace('.', '/') + ".class"));
      in.transferTo(out);
    }
  }

  private static InputStream bytes(Class<?> type) throws IOException {
    InputStream in = type.getResourceAsStream(type.getSimpleName() + ".class");
    if (in == null) {
      throw new IOException("no class file of " + type);
    }
    return in;
  }

  /** The jar that a class comes from, or one made of the directory that it comes from. */
  private static void copy(Class<?> type, Path jar) throws IOException {
    Path from;
    try {
      from = Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IOException(e);
    }
    if (Files.isRegularFile(from)) {
      Files.copy(from, jar);
      return;
    }
    try (var out = new JarOutputStream(Files.newOutputStream(jar));
        Stream<Path> files = Files.walk(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        out.putNextEntry(new JarEntry(from.relativize(file).toString()));
        Files.copy(file, out);
      }
    }
  }
}
