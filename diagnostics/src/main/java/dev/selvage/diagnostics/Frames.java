package dev.selvage.diagnostics;

/** The one way in which frames are written. Pure functions. */
final class Frames {
  private Frames() {}

  /**
   * As {@code com.acme.Order.quote(Order.java:57)}: without class loader and module, so that the
   * same code reads the same on the class path and on the module path.
   */
  static String text(StackTraceElement frame) {
    String source;
    if (frame.isNativeMethod()) {
      source = "Native Method";
    } else if (frame.getFileName() == null) {
      source = "Unknown Source";
    } else if (frame.getLineNumber() < 0) {
      source = frame.getFileName();
    } else {
      source = frame.getFileName() + ":" + frame.getLineNumber();
    }
    return frame.getClassName() + "." + frame.getMethodName() + "(" + source + ")";
  }
}
