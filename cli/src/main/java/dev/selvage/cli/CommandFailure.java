package dev.selvage.cli;

/** A command that cannot go on, for a reason the user can act upon. */
final class CommandFailure extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int exitCode;

  /**
   * A failure.
   *
   * @param exitCode one of {@link ExitCode}
   * @param message one line: what is wrong, and what to do about it
   */
  CommandFailure(int exitCode, String message) {
    super(message);
    this.exitCode = exitCode;
  }

  int exitCode() {
    return exitCode;
  }

  /** What an I/O error says to a user: its message, which for many is only a path, and its kind. */
  static String reason(Exception e) {
    String kind =
        switch (e) {
          case java.nio.file.AccessDeniedException _ -> "permission denied";
          case java.nio.file.NoSuchFileException _ -> "no such file or directory";
          case java.nio.file.FileSystemException f when f.getReason() != null -> f.getReason();
          default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        };
    return kind.lines().findFirst().orElse(e.getClass().getSimpleName());
  }
}
