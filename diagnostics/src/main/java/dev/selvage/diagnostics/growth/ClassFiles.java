package dev.selvage.diagnostics.growth;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.attribute.SourceFileAttribute;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Class files of loaded classes, as their loaders give them. Static functions, no state. Asking a
 * loader may block for as long as it reads from its disk or archive.
 */
final class ClassFiles {

  private ClassFiles() {}

  /** The bytes of the class; empty for a class that was made at run time or cannot be read. */
  static Optional<byte[]> bytes(Class<?> type) {
    if (type.isHidden() || type.isArray() || type.isPrimitive()) {
      return Optional.empty();
    }
    String name = type.getName().replace('.', '/') + ".class";
    ClassLoader loader = type.getClassLoader();
    try (InputStream in =
        loader == null
            ? ClassLoader.getSystemResourceAsStream(name)
            : loader.getResourceAsStream(name)) {
      return in == null ? Optional.empty() : Optional.of(in.readAllBytes());
    } catch (IOException | RuntimeException | LinkageError e) {
      // A loader that was closed, or fails in its own way: the class file is not known, which every
      // caller allows for.
      return Optional.empty();
    }
  }

  /** Parses it; empty for what is no class file of a known version. */
  static Optional<ClassModel> parse(byte[] bytes) {
    try {
      return Optional.of(ClassFile.of().parse(bytes));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  static Optional<ClassModel> model(Class<?> type) {
    return bytes(type).flatMap(ClassFiles::parse);
  }

  /** Whether the word is somewhere in the class file: false says for certain that it is not. */
  static boolean mentions(byte[] bytes, String word) {
    byte[] wanted = word.getBytes(StandardCharsets.UTF_8);
    outer:
    for (int i = 0; i <= bytes.length - wanted.length; i++) {
      for (int j = 0; j < wanted.length; j++) {
        if (bytes[i + j] != wanted[j]) {
          continue outer;
        }
      }
      return true;
    }
    return false;
  }

  /** A line as a stack trace names it. */
  static String site(ClassModel in, String method, int line) {
    String file =
        in.findAttribute(Attributes.sourceFile())
            .map(SourceFileAttribute::sourceFile)
            .map(Object::toString)
            .orElse("Unknown Source");
    String type = in.thisClass().asInternalName().replace('/', '.');
    return type + "." + method + "(" + file + (line > 0 ? ":" + line : "") + ")";
  }
}
