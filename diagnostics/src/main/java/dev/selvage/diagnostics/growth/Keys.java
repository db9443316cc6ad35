package dev.selvage.diagnostics.growth;

import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Judges classes as keys of hash maps. Static functions, no state. */
final class Keys {

  private Keys() {}

  /**
   * Why two keys of this class with the same content are different keys; null when they are not, or
   * it is not known.
   */
  static @Nullable String fault(Class<?> key) {
    if (key.isArray()) {
      return "arrays compare by identity";
    }
    if (Names.isJdk(key) || key.isEnum() || key.isRecord() || key.isHidden()) {
      return null;
    }
    boolean equals = false;
    boolean hashCode = false;
    for (Class<?> c = key; c != null && c != Object.class; c = c.getSuperclass()) {
      if (Names.isJdk(c)) {
        // java.lang.Enum, AbstractList, Number, …: either they have both, or they mean identity.
        return declaresEquals(c) || c == Enum.class ? null : verdict(equals, hashCode);
      }
      Optional<ClassModel> model = ClassFiles.model(c);
      if (model.isEmpty()) {
        return null;
      }
      for (MethodModel method : model.get().methods()) {
        equals |=
            method.methodName().equalsString("equals")
                && method.methodType().equalsString("(Ljava/lang/Object;)Z");
        hashCode |=
            method.methodName().equalsString("hashCode") && method.methodType().equalsString("()I");
      }
    }
    return verdict(equals, hashCode);
  }

  private static boolean declaresEquals(Class<?> jdk) {
    try {
      return jdk.getMethod("equals", Object.class).getDeclaringClass() != Object.class;
    } catch (NoSuchMethodException e) {
      return false;
    }
  }

  private static @Nullable String verdict(boolean equals, boolean hashCode) {
    if (!equals && !hashCode) {
      return "neither equals nor hashCode";
    }
    if (!hashCode) {
      return "equals but no hashCode";
    }
    return equals ? null : "hashCode but no equals";
  }
}
