package dev.selvage.agent.internal;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import org.jspecify.annotations.Nullable;

/**
 * Whether Java is going to start the program at all. An agent runs before Java looks for the main
 * class, so it can say in one line what is wrong, and what to do.
 */
final class Start {
  /*
   * Invariants.
   *  1. What is said to be wrong is certain. Where there is a doubt, Java is left to find out.
   *  2. No class of the program is loaded: agents that come after this one must see them all.
   */

  private static final int NEWEST = 44 + Runtime.version().feature();

  private Start() {}

  /**
   * Why Java will not start the program, in one line; null if it may.
   *
   * @param command the property {@code sun.java.command}: main class or jar, and arguments
   * @param classPath the property {@code java.class.path}
   * @param loader of the program's classes
   */
  static @Nullable String fault(String command, String classPath, ClassLoader loader) {
    if (System.getProperty("java.system.class.loader") != null) {
      return null;
    }
    String main = command.split(" ", 2)[0];
    if (!classPath.isEmpty()
        && (command.equals(classPath) || command.startsWith(classPath + " "))
        && new File(classPath).isFile()) {
      Attributes jar = attributes(classPath);
      if (jar == null || jar.getValue("Launcher-Agent-Class") != null) {
        return null;
      }
      String named = jar.getValue(Attributes.Name.MAIN_CLASS);
      if (named == null) {
        return "the manifest of "
            + classPath
            + " names no Main-Class: say -cp "
            + classPath
            + " and the class with the main method";
      }
      main = named.strip();
    }
    if (main.isEmpty() || main.contains("/")) {
      return null; // a module's class: also that which compiles and runs a source file
    }
    try (InputStream in = loader.getResourceAsStream(main.replace('.', '/') + ".class")) {
      if (in != null) {
        return faultOf(main, in.readAllBytes());
      }
      if (otherAgents()) {
        return null; // one of them may bring the class
      }
      return main.endsWith(".java")
          ? "there is no file " + main + " to compile and run: check its path"
          : "there is no class "
              + main
              + " on the class path ("
              + classPath
              + "): check the name, with its package, and -cp";
    } catch (IOException e) {
      return null;
    }
  }

  private static boolean otherAgents() {
    long agents =
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
            .filter(argument -> argument.startsWith("-javaagent:") || argument.startsWith("-agent"))
            .count();
    return agents > 1;
  }

  private static @Nullable Attributes attributes(String jar) {
    try (JarFile file = new JarFile(jar)) {
      Manifest manifest = file.getManifest();
      return manifest == null ? new Attributes() : manifest.getMainAttributes();
    } catch (IOException e) {
      return null;
    }
  }

  private static @Nullable String faultOf(String main, byte[] bytes) throws IOException {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
    if (in.readInt() != 0xCAFEBABE) {
      return null;
    }
    int minor = in.readUnsignedShort();
    int major = in.readUnsignedShort();
    if (major > NEWEST && minor == 0) {
      return main
          + " was compiled for Java "
          + (major - 44)
          + ", and this is Java "
          + Runtime.version().feature()
          + ": compile it with --release "
          + Runtime.version().feature()
          + ", or name a newer JDK";
    }
    return hasNoMain(in)
        ? main + " has no main method: name the class that has one, or give it void main()"
        : null;
  }

  /** Whether no method of the class, nor of what it inherits from, can have that name. */
  private static boolean hasNoMain(DataInputStream in) throws IOException {
    int count = in.readUnsignedShort();
    String[] texts = new String[count];
    int[] classes = new int[count];
    for (int i = 1; i < count; i++) {
      int tag = in.readUnsignedByte();
      switch (tag) {
        case 1 -> {
          String text = in.readUTF();
          texts[i] = text;
          if (text.equals("main")) {
            return false;
          }
        }
        case 7 -> classes[i] = in.readUnsignedShort();
        case 8, 16, 19, 20 -> in.skipNBytes(2);
        case 15 -> in.skipNBytes(3);
        case 3, 4, 9, 10, 11, 12, 17, 18 -> in.skipNBytes(4);
        case 5, 6 -> {
          in.skipNBytes(8);
          i++; // takes two places
        }
        default -> {
          return false;
        }
      }
    }
    in.skipNBytes(4); // access flags, this class
    String parent = texts[classes[in.readUnsignedShort()]];
    return "java/lang/Object".equals(parent) && in.readUnsignedShort() == 0;
  }

  /**
   * Whether it is the stack of a thread which ends the JVM without having come to a program:
   * nothing but the JDK's launcher is on it.
   */
  static boolean failed(StackTraceElement[] stack) {
    boolean exits = false;
    boolean launches = false;
    for (StackTraceElement frame : stack) {
      String type = frame.getClassName();
      boolean launcher =
          type.startsWith("sun.launcher.") || type.startsWith("com.sun.tools.javac.launcher.");
      if (!launcher && !type.startsWith("java.")) {
        return false;
      }
      exits |= type.equals("java.lang.Shutdown");
      launches |= launcher;
    }
    return exits && launches;
  }
}
