package dev.selvage.agent.internal;

import dev.selvage.internal.gmp.WholeJvm;
import java.util.Collections;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Notices when goroutines are started in a copy of the language that had none before: that of the
 * class path, or of a class loader of the program. Thread-safe.
 */
final class Copies {
  /*
   * A copy is known by a class of it that is loaded with its first goroutine. Going through all
   * classes of a large program takes milliseconds, so it is done only where some were loaded since;
   * the number is read first, so that none is missed.
   */
  private static final String SIGN = "dev.selvage.Routine";

  private final Supplier<Class<?>[]> loadedClasses;
  private final LongSupplier everLoaded;

  // Guarded by this.
  private final Set<Class<?>> known = Collections.newSetFromMap(new WeakHashMap<>());
  private boolean wholeJvm;
  private long looked = -1;

  /**
   * Copies of which none is known yet.
   *
   * @param everLoaded how many classes were loaded since the JVM started
   */
  Copies(Supplier<Class<?>[]> loadedClasses, LongSupplier everLoaded) {
    this.loadedClasses = loadedClasses;
    this.everLoaded = everLoaded;
  }

  /** Whether there is one that was not there when this was asked before. */
  synchronized boolean hasNew() {
    boolean fresh = !wholeJvm && WholeJvm.isOn();
    wholeJvm |= fresh;
    long loaded = everLoaded.getAsLong();
    if (loaded == looked) {
      return fresh;
    }
    looked = loaded;
    for (Class<?> type : loadedClasses.get()) {
      if (type.getName().equals(SIGN) && type.getClassLoader() != Copies.class.getClassLoader()) {
        fresh |= known.add(type);
      }
    }
    return fresh;
  }
}
