package dev.selvage.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/** The file of {@code --json}. A new one is readable by its owner alone: reports tell much. */
final class JsonTarget {
  private final Path file;

  private JsonTarget(Path file) {
    this.file = file;
  }

  /**
   * The file, after having made sure that it can be written.
   *
   * @throws CommandFailure with {@link ExitCode#USAGE} when it cannot
   */
  static JsonTarget of(String name) {
    var target = new JsonTarget(Path.of(name));
    target.check();
    return target;
  }

  private void check() {
    boolean existed = Files.exists(file);
    try {
      if (existed && Files.isDirectory(file)) {
        throw new CommandFailure(
            ExitCode.USAGE, "--json " + file + " is a directory: name a file in it");
      }
      if (existed && !Files.isRegularFile(file)) {
        return; // A device or a pipe: opening one may wait for its reader.
      }
      create();
      try (OutputStream _ = Files.newOutputStream(file, StandardOpenOption.APPEND)) {
        // Opened, so it can be written.
      }
      if (!existed) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  /** Writes the text, in place of what the file held. */
  void write(String json) {
    try {
      create();
      Files.writeString(file, json, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  private void create() throws IOException {
    if (Files.exists(file)) {
      return;
    }
    if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    } else {
      Files.createFile(file);
    }
  }

  private CommandFailure unwritable(IOException e) {
    return new CommandFailure(
        ExitCode.USAGE,
        "cannot write --json "
            + file
            + " ("
            + CommandFailure.reason(e)
            + "): name a file in a directory that you can write to");
  }

  @Override
  public String toString() {
    return file.toString();
  }
}
