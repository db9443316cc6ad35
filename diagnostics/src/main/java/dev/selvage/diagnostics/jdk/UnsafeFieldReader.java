package dev.selvage.diagnostics.jdk;

import static java.lang.invoke.MethodType.methodType;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import org.jspecify.annotations.Nullable;

/**
 * The {@link FieldReader} of HotSpot, over {@code jdk.internal.misc.Unsafe}. Immutable: any thread
 * may use it. Needs {@code java.base/jdk.internal.misc} opened to this module.
 */
public final class UnsafeFieldReader implements FieldReader {
  private final MethodHandle shouldBeInitialized;
  private final MethodHandle objectFieldOffset;
  private final MethodHandle staticFieldOffset;
  private final MethodHandle getReference;
  private final MethodHandle getInt;
  private final MethodHandle getLong;
  private final MethodHandle getBoolean;

  private UnsafeFieldReader(MethodHandles.Lookup lookup, Class<?> type, Object unsafe)
      throws ReflectiveOperationException {
    shouldBeInitialized =
        bind(lookup, type, unsafe, "shouldBeInitialized", methodType(boolean.class, Class.class));
    objectFieldOffset =
        bind(lookup, type, unsafe, "objectFieldOffset", methodType(long.class, Field.class));
    staticFieldOffset =
        bind(lookup, type, unsafe, "staticFieldOffset", methodType(long.class, Field.class));
    getReference =
        bind(
            lookup,
            type,
            unsafe,
            "getReferenceVolatile",
            methodType(Object.class, Object.class, long.class));
    getInt =
        bind(
            lookup,
            type,
            unsafe,
            "getIntVolatile",
            methodType(int.class, Object.class, long.class));
    getLong =
        bind(
            lookup,
            type,
            unsafe,
            "getLongVolatile",
            methodType(long.class, Object.class, long.class));
    getBoolean =
        bind(
            lookup,
            type,
            unsafe,
            "getBooleanVolatile",
            methodType(boolean.class, Object.class, long.class));
  }

  private static MethodHandle bind(
      MethodHandles.Lookup lookup, Class<?> type, Object unsafe, String name, MethodType shape)
      throws ReflectiveOperationException {
    return lookup.findVirtual(type, name, shape).bindTo(unsafe);
  }

  /**
   * Makes one.
   *
   * @throws IllegalStateException when the package is not open; the message names the flag
   */
  public static UnsafeFieldReader create() {
    try {
      Class<?> type = Class.forName("jdk.internal.misc.Unsafe");
      MethodHandles.Lookup lookup = MethodHandles.privateLookupIn(type, MethodHandles.lookup());
      Object unsafe = lookup.findStatic(type, "getUnsafe", methodType(type)).invoke();
      return new UnsafeFieldReader(lookup, type, unsafe);
    } catch (Throwable e) {
      Module us = UnsafeFieldReader.class.getModule();
      throw new IllegalStateException(
          "fields cannot be read: start the JVM with --add-opens java.base/jdk.internal.misc="
              + (us.isNamed() ? us.getName() : "ALL-UNNAMED"),
          e);
    }
  }

  @Override
  public boolean isInitialized(Class<?> type) {
    try {
      return !(boolean) shouldBeInitialized.invokeExact(type);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public long offset(Field field) {
    try {
      return Modifier.isStatic(field.getModifiers())
          ? (long) staticFieldOffset.invokeExact(field)
          : (long) objectFieldOffset.invokeExact(field);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public @Nullable Object reference(Object holder, long offset) {
    try {
      return getReference.invokeExact(holder, offset);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public int intAt(Object holder, long offset) {
    try {
      return (int) getInt.invokeExact(holder, offset);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public boolean booleanAt(Object holder, long offset) {
    try {
      return (boolean) getBoolean.invokeExact(holder, offset);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public long longAt(Object holder, long offset) {
    try {
      return (long) getLong.invokeExact(holder, offset);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  private static RuntimeException unexpected(Throwable e) {
    if (e instanceof Error error) {
      throw error;
    }
    return e instanceof RuntimeException known ? known : new IllegalStateException(e);
  }
}
