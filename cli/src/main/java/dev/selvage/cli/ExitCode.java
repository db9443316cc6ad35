package dev.selvage.cli;

/**
 * What the command's exit codes mean. Under {@code run} the own non-zero code of a program that was
 * started comes first, and a program ended by signal n gives 128 + n.
 */
final class ExitCode {
  /** Did what was asked. */
  static final int DONE = 0;

  /** There are findings of the kind that {@code --fail-on} names. */
  static final int FINDINGS = 1;

  /**
   * The command line asks for something that cannot be, as a program that Java cannot start, or a
   * prerequisite is missing.
   */
  static final int USAGE = 2;

  /** The process, address or heap dump cannot be reached, or cannot be examined. */
  static final int UNREACHABLE = 3;

  /** Selvage itself failed, or could not prove all there is to prove. */
  static final int INCOMPLETE = 4;

  private ExitCode() {}
}
