package dev.selvage.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A directory that only its owner can enter, in which an agent leaves what it has to tell. Removed
 * by {@link #close} unless it is to be kept.
 */
final class ReportDirectory implements AutoCloseable {
  private final Path directory;
  private volatile boolean kept;

  private ReportDirectory(Path directory) {
    this.directory = directory;
  }

  /**
   * Makes one.
   *
   * @param owner whose process will write there; null for one's own
   */
  static ReportDirectory create(@Nullable UserPrincipal owner) {
    try {
      // Made with permissions for the owner alone.
      Path directory = Files.createTempDirectory("selvage-");
      if (owner != null) {
        Files.setOwner(directory, owner);
      }
      return new ReportDirectory(directory.toAbsolutePath());
    } catch (IOException e) {
      throw new CommandFailure(
          ExitCode.INCOMPLETE,
          "cannot make a directory for the report in "
              + System.getProperty("java.io.tmpdir")
              + ": "
              + CommandFailure.reason(e));
    }
  }

  /** Where the agent writes its report. */
  Path report() {
    return directory.resolve("report.json");
  }

  /** Where a heap dump goes. */
  Path heapDump() {
    return directory.resolve("heap.hprof");
  }

  /** Where what another program says goes. */
  Path answer() {
    return directory.resolve("answer.txt");
  }

  /** How many bytes have room there. */
  long usableSpace() {
    try {
      return Files.getFileStore(directory).getUsableSpace();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where an agent that is to answer connects to. */
  Path socket() {
    return directory.resolve("socket");
  }

  /** Where the agent writes the address of its server. */
  Path address() {
    return directory.resolve("address");
  }

  /** Where the agent says whether Java starts the program. */
  Path start() {
    return directory.resolve("start");
  }

  /**
   * What keeps Java from starting the program; empty where nothing does, null where Java has not
   * even come to the agent.
   */
  @Nullable String readStart() {
    return read(start());
  }

  /** The report as it is now; null where none was written. */
  @Nullable String readReport() {
    return read(report());
  }

  /** The address as it is now, without white space around it; null where none was written. */
  @Nullable String readAddress() {
    String text = read(address());
    return text == null || text.isBlank() ? null : text.strip();
  }

  private static @Nullable String read(Path file) {
    try {
      return Files.readString(file);
    } catch (NoSuchFileException _) {
      return null;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Lets it stay where it is with what is in it. */
  void keep() {
    kept = true;
  }

  /** Removes it with all that is in it, unless it is to stay; does nothing when it is gone. */
  @Override
  public void close() {
    if (kept || !Files.exists(directory)) {
      return;
    }
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(directory);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot remove " + directory, e);
    }
  }
}
