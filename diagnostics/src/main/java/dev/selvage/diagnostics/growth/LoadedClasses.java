package dev.selvage.diagnostics.growth;

import java.lang.ref.WeakReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * All loaded classes, asked for once for watches that sample one after the other. One thread at a
 * time; keeps no class alive.
 */
final class LoadedClasses implements Supplier<Class<?>[]> {
  private static final long FRESH_NANOS = 100_000_000;

  private final Supplier<Class<?>[]> source;
  private WeakReference<Class<?> @Nullable []> last = new WeakReference<>(null);
  private long at;

  LoadedClasses(Supplier<Class<?>[]> source) {
    this.source = source;
  }

  @Override
  public Class<?>[] get() {
    long now = System.nanoTime();
    Class<?>[] known = last.get();
    if (known != null && now - at < FRESH_NANOS) {
      return known;
    }
    Class<?>[] classes = source.get();
    last = new WeakReference<>(classes);
    at = now;
    return classes;
  }
}
