package dev.selvage.internal.gmp;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.util.Objects;

/** Loads the classes of this package once more, each changed; all others are the usual ones. */
abstract class ChangedClasses extends ClassLoader {
  private static final String PACKAGE = ChangedClasses.class.getPackageName() + ".";

  ChangedClasses() {
    super(ChangedClasses.class.getClassLoader());
  }

  /** How a class is changed, named without its package. */
  abstract ClassTransform change(String type);

  static byte[] bytes(String type) {
    try (InputStream in =
        Objects.requireNonNull(ChangedClasses.class.getResourceAsStream(type + ".class"))) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (!name.startsWith(PACKAGE)) {
      return super.loadClass(name, resolve);
    }
    Class<?> loaded = findLoadedClass(name);
    if (loaded != null) {
      return loaded;
    }
    String type = name.substring(PACKAGE.length());
    ClassFile file = ClassFile.of();
    byte[] changed = file.transformClass(file.parse(bytes(type)), change(type));
    return defineClass(name, changed, 0, changed.length);
  }
}
