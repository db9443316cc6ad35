package dev.selvage.diagnostics;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads stacks: whose frame is it, where does it block, where did it begin, and is it the same bug
 * as another.
 */
public final class Frames {
  private static final List<String> JDK_PREFIXES =
      List.of("java.", "javax.", "jdk.", "sun.", "com.sun.");

  // what differs from run to run in names that compilers and the VM make up
  private static final Pattern LAMBDA_NUMBER = Pattern.compile("(lambda\\$[^$]+)\\$\\d+");
  private static final Pattern HIDDEN_CLASS =
      Pattern.compile("(\\$\\$Lambda|\\$\\$[A-Za-z]+)?(\\$\\d+)?/0x[0-9a-fA-F]+");
  private static final Pattern GENERATED_NUMBER =
      Pattern.compile("(\\$\\$[A-Za-z]+\\$\\$)[0-9a-fA-F]+|((?:Proxy|Accessor))\\d+");

  private Frames() {}

  /** Whether the frame is the JDK's own. */
  public static boolean isJdk(StackTraceElement frame) {
    String module = frame.getModuleName();
    if (module != null) {
      return module.startsWith("java.") || module.startsWith("jdk.");
    }
    return isJdk(frame.getClassName());
  }

  /** Whether a class of that name is the JDK's own. */
  public static boolean isJdk(String className) {
    for (String prefix : JDK_PREFIXES) {
      if (className.startsWith(prefix)) {
        return true;
      }
    }
    return false;
  }

  /** Whether the frame is Selvage's own. Our examples and test programs are users' code. */
  public static boolean isSelvage(StackTraceElement frame) {
    return isSelvage(frame.getClassName());
  }

  /** Whether a class of that name is Selvage's own. */
  public static boolean isSelvage(String className) {
    return className.startsWith("dev.selvage.")
        && !className.startsWith("dev.selvage.examples.")
        && !className.startsWith("dev.selvage.verification.");
  }

  /** Whether the frame belongs to the program that is looked at, or to a library of it. */
  public static boolean isUser(StackTraceElement frame) {
    return !isJdk(frame) && !isSelvage(frame);
  }

  /** The frames that belong to the program, leaf first. */
  public static List<StackTraceElement> userFrames(List<StackTraceElement> stack) {
    List<StackTraceElement> frames = new ArrayList<>(stack.size());
    for (StackTraceElement frame : stack) {
      if (isUser(frame)) {
        frames.add(frame);
      }
    }
    return frames;
  }

  /**
   * Where it blocks: the first frame from the top that is the program's, as text; null if there is
   * none.
   */
  public static @Nullable String site(List<StackTraceElement> stack) {
    for (StackTraceElement frame : stack) {
      if (isUser(frame)) {
        return text(frame);
      }
    }
    return null;
  }

  /**
   * Where its own work began: the bottom-most frame that is the program's, as text; null if there
   * is none.
   */
  public static @Nullable String entry(List<StackTraceElement> stack) {
    for (int i = stack.size() - 1; i >= 0; i--) {
      if (isUser(stack.get(i))) {
        return text(stack.get(i));
      }
    }
    return null;
  }

  /** A frame as {@code com.acme.Order.quote(Order.java:57)}, without module and loader. */
  public static String text(StackTraceElement frame) {
    String where;
    if (frame.isNativeMethod()) {
      where = "Native Method";
    } else if (frame.getFileName() == null) {
      where = "Unknown Source";
    } else if (frame.getLineNumber() < 0) {
      where = frame.getFileName();
    } else {
      where = frame.getFileName() + ":" + frame.getLineNumber();
    }
    return className(frame.getClassName()) + "." + frame.getMethodName() + "(" + where + ")";
  }

  /** A class name without the address of a hidden class. */
  public static String className(String name) {
    return HIDDEN_CLASS.matcher(name).replaceAll("$1");
  }

  /**
   * Text without what differs from run to run: lambda numbers, addresses, numbers of generated
   * classes.
   */
  public static String stable(String text) {
    String s = HIDDEN_CLASS.matcher(text).replaceAll("$1");
    s = LAMBDA_NUMBER.matcher(s).replaceAll("$1");
    return GENERATED_NUMBER.matcher(s).replaceAll("$1$2");
  }

  /**
   * The fingerprint of a finding: the same in every run for the same kind at the same place reached
   * on the same way; 24 hexadecimal digits.
   *
   * @param kind the finding's kind
   * @param site its site, or what stands for one
   * @param stack its stack; only methods of the program count, without lines
   */
  public static String fingerprint(
      String kind, @Nullable String site, List<StackTraceElement> stack) {
    StringBuilder text = new StringBuilder(kind).append('\n');
    text.append(site == null ? "" : stable(site)).append('\n');
    List<StackTraceElement> frames = userFrames(stack);
    for (StackTraceElement frame : frames.isEmpty() ? stack : frames) {
      text.append(stable(frame.getClassName() + "." + frame.getMethodName())).append('\n');
    }
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256")
              .digest(text.toString().getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, 12);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
