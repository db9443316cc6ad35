package dev.selvage.diagnostics.jdk;

import java.lang.reflect.Field;
import org.jspecify.annotations.Nullable;

/**
 * Reads fields of any class, without access checks, without running code of that class and without
 * initialising it. Any thread may call it; nothing blocks. What a thread is writing at the same
 * time is read as it was before or after.
 *
 * <p>A place is a holder and an offset: for a static field the holder is the class that declares
 * it, for an instance field the object.
 */
public interface FieldReader {

  /**
   * Whether the class has finished its initialiser: only then do its static fields say anything.
   */
  boolean isInitialized(Class<?> type);

  /** Where the field lies in its holder. */
  long offset(Field field);

  /** The reference there. The offset must belong to a reference field of that holder. */
  @Nullable Object reference(Object holder, long offset);

  /** The {@code int} there. */
  int intAt(Object holder, long offset);

  /** The {@code boolean} there. */
  boolean booleanAt(Object holder, long offset);

  /** The {@code long} there. */
  long longAt(Object holder, long offset);
}
