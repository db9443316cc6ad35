package dev.selvage.diagnostics.profile;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The names of source files, which the flight recorder does not record: from the class file where
 * the class path has it, otherwise guessed from the name of the class as Java's compilers choose
 * it. Loads no class. Not thread-safe.
 */
final class SourceFiles {
  private static final int MOST_LOOKS = 5_000;

  private final Map<String, @Nullable String> files = new HashMap<>();
  private int looks;

  /** The name of the file, without its directory; null for what is no class. */
  @Nullable String of(String type) {
    if (type.isEmpty() || type.indexOf('/') > 0 || type.endsWith(".so")) {
      return null;
    }
    String outer = outer(type);
    return files.computeIfAbsent(outer, this::find);
  }

  private static String outer(String type) {
    int dollar = type.indexOf('$', type.lastIndexOf('.') + 2);
    return dollar < 0 ? type : type.substring(0, dollar);
  }

  private String find(String type) {
    String guess = type.substring(type.lastIndexOf('.') + 1) + ".java";
    // The JDK's follow the rule, and there are many of them.
    if (type.startsWith("java.") || type.startsWith("jdk.") || looks++ >= MOST_LOOKS) {
      return guess;
    }
    String resource = type.replace('.', '/') + ".class";
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    try (InputStream in =
        loader == null
            ? ClassLoader.getSystemResourceAsStream(resource)
            : loader.getResourceAsStream(resource)) {
      if (in == null) {
        return guess;
      }
      return ClassFile.of()
          .parse(in.readAllBytes())
          .findAttribute(Attributes.sourceFile())
          .map(attribute -> attribute.sourceFile().stringValue())
          .orElse(guess);
    } catch (IOException | IllegalArgumentException _) {
      return guess;
    }
  }
}
