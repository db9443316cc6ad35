package dev.selvage.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * The debug pages of a program, wherever they come from. For one thread. Whatever is wrong with an
 * answer is thrown as a {@link CommandFailure}, in one line.
 */
interface DebugSource extends AutoCloseable {
  /** How long what is there already may take. */
  Duration PATIENCE = Duration.ofMinutes(5);

  /**
   * The body of a page that was answered with 200; to be closed before the next is asked for.
   * Blocks until the answer begins.
   *
   * @param page as {@code /debug/pprof/goroutine?debug=2}
   * @param patience how long the answer may take to begin, and then to go on
   */
  InputStream open(String page, Duration patience) throws InterruptedException;

  /** What it is called, as {@code process 4711}. */
  String name();

  /** The same in a file's name, as {@code 4711}. */
  String shortName();

  /** Lets it go. */
  @Override
  void close();

  /** A whole page. */
  default byte[] bytes(String page, Duration patience) throws InterruptedException {
    try (InputStream in = open(page, patience)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw cut(this, e);
    }
  }

  /** A whole page, as text. */
  default String text(String page, Duration patience) throws InterruptedException {
    return new String(bytes(page, patience), StandardCharsets.UTF_8);
  }

  /** Copies a page of any length to a stream that throws nothing. */
  default void copy(String page, OutputStream to) throws InterruptedException {
    try (InputStream in = open(page, PATIENCE)) {
      in.transferTo(to);
    } catch (IOException e) {
      throw cut(this, e);
    }
  }

  /** What an answer that ends before its end means to the user. */
  static CommandFailure cut(DebugSource source, IOException e) {
    return new CommandFailure(
        ExitCode.UNREACHABLE,
        source.name() + " stopped in the middle of its answer: " + CommandFailure.reason(e));
  }

  /** What an answer other than 200 means to the user. */
  static CommandFailure refused(String who, String page, int status, String body) {
    String said = body.lines().findFirst().orElse("").strip();
    said = said.replaceAll("[\\p{Cntrl}\\p{Cf}]", "?");
    if (status == 404 && said.equals("Unknown profile")) {
      String name = page.replaceFirst("\\?.*", "");
      return new CommandFailure(
          ExitCode.USAGE,
          "the program has no profile '"
              + name.substring(name.lastIndexOf('/') + 1)
              + "': there are "
              + String.join(", ", ProfileOptions.TYPES)
              + ", and those that it makes itself");
    }
    return new CommandFailure(
        ExitCode.UNREACHABLE,
        who
            + " answered "
            + status
            + (said.isEmpty() ? "" : " (" + said + ")")
            + (status == 404 || said.isEmpty() ? ": is a Selvage debug server there?" : ""));
  }
}
