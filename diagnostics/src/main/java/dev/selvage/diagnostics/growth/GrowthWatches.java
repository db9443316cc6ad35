package dev.selvage.diagnostics.growth;

import dev.selvage.diagnostics.Watch;
import dev.selvage.diagnostics.jdk.FieldReader;
import dev.selvage.diagnostics.jdk.UnsafeFieldReader;
import java.util.List;
import java.util.function.Supplier;

/** The entrance: all watches there are. */
public final class GrowthWatches {

  private GrowthWatches() {}

  /**
   * Makes one watch of each kind. They are to be used by one thread at a time.
   *
   * @param loadedClasses gives all classes that are loaded now ({@code
   *     Instrumentation::getAllLoadedClasses})
   * @throws IllegalStateException when {@code java.base/jdk.internal.misc} is not open to us
   */
  public static List<Watch> create(Supplier<Class<?>[]> loadedClasses) {
    FieldReader reader = UnsafeFieldReader.create();
    LoadedClasses classes = new LoadedClasses(loadedClasses);
    return List.of(
        new StaticGrowth(classes, reader, System::nanoTime),
        new ResourceGrowth(classes, System::nanoTime),
        new JdkTimerGrowth(classes, reader, System::nanoTime),
        new PoolGrowth(classes, reader, System::nanoTime),
        new ThreadLocalGrowth(classes, reader, System::nanoTime));
  }
}
