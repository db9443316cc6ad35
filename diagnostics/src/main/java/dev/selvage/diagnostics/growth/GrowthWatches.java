package dev.selvage.diagnostics.growth;

import dev.selvage.diagnostics.Watch;
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
   * @param reader reads their fields
   */
  public static List<Watch> create(Supplier<Class<?>[]> loadedClasses, FieldReader reader) {
    LoadedClasses classes = new LoadedClasses(loadedClasses);
    return List.of(
        new StaticGrowth(classes, reader, System::nanoTime),
        new ResourceGrowth(classes, System::nanoTime),
        new JdkTimerGrowth(classes, reader, System::nanoTime));
  }
}
