package dev.selvage.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/** The file of an option. A new one is readable by its owner alone: reports tell much. */
final class OutputFile {
  private final String option;
  private final Path file;

  private OutputFile(String option, Path file) {
    this.option = option;
    this.file = file;
  }

  /**
   * The file, after having made sure that it can be written.
   *
   * @param option what names it, as {@code --json}: for what is said of it
   * @throws CommandFailure with {@link ExitCode#USAGE} when it cannot
   */
  static OutputFile of(String option, String name) {
    Path path;
    try {
      path = Path.of(name);
    } catch (InvalidPathException e) {
      throw new CommandFailure(ExitCode.USAGE, option + " " + name + ": " + e.getReason());
    }
    var file = new OutputFile(option, path);
    file.check();
    return file;
  }

  private void check() {
    boolean existed = Files.exists(file);
    try {
      if (existed && Files.isDirectory(file)) {
        throw new CommandFailure(
            ExitCode.USAGE, option + " " + file + " is a directory: name a file in it");
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
  void write(String text) {
    write(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Writes the bytes, in place of what the file held. */
  void write(byte[] bytes) {
    try {
      create();
      Files.write(file, bytes, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  /**
   * Copies all of it, in place of what the file held. Where reading fails, nothing is left.
   *
   * @throws IOException what reading throws
   */
  void write(InputStream in) throws IOException {
    try {
      create();
    } catch (IOException e) {
      throw unwritable(e);
    }
    boolean complete = false;
    try (OutputStream out = opened()) {
      byte[] bytes = new byte[1 << 16];
      for (int n; (n = in.read(bytes)) >= 0; ) {
        try {
          out.write(bytes, 0, n);
        } catch (IOException e) {
          throw unwritable(e);
        }
      }
      complete = true;
    } finally {
      if (!complete && Files.isRegularFile(file)) {
        Files.deleteIfExists(file);
      }
    }
  }

  private OutputStream opened() {
    try {
      return Files.newOutputStream(
          file, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
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
        "cannot write "
            + option
            + " "
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
