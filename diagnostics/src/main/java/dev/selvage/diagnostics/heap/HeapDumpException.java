package dev.selvage.diagnostics.heap;

import java.io.IOException;

/** A file that is no heap dump, or a damaged one. The message is one line for a user. */
public final class HeapDumpException extends IOException {
  private static final long serialVersionUID = 1;

  /** For what is wrong with the file. */
  public HeapDumpException(String message) {
    super(message);
  }
}
