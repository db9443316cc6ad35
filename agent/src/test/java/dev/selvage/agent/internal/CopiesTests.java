package dev.selvage.agent.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.observe.Probe;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How the agent notices copies of the language, and that it does not look in vain. */
class CopiesTests {
  private final List<Class<?>> loaded = new ArrayList<>(List.of(String.class, Copies.class));
  private long everLoaded = 2;
  private int looked;

  private final Copies copies =
      new Copies(
          () -> {
            looked++;
            return loaded.toArray(new Class<?>[0]);
          },
          () -> everLoaded);

  private void load(Class<?> type) {
    loaded.add(type);
    everLoaded++;
  }

  private static Class<?> another() throws ClassNotFoundException {
    URL where = Probe.class.getProtectionDomain().getCodeSource().getLocation();
    // Without a parent, since that of the platform knows which loader has our module.
    var loader = new URLClassLoader(new URL[] {where}, null);
    return Class.forName("dev.selvage.Routine", false, loader);
  }

  @Test
  void eachCopyIsNewOnce() throws Exception {
    assertFalse(copies.hasNew());
    load(another());
    assertTrue(copies.hasNew());
    load(Integer.class);
    assertFalse(copies.hasNew());
    load(another());
    load(another());
    assertTrue(copies.hasNew());
    assertFalse(copies.hasNew());
  }

  @Test
  void oneThatTakesThePlaceOfAnotherIsNew() throws Exception {
    load(another());
    assertTrue(copies.hasNew());
    loaded.removeLast(); // unloaded
    load(another());
    assertTrue(copies.hasNew());
  }

  @Test
  void theAgentsOwnIsNone() throws Exception {
    load(Class.forName("dev.selvage.Routine", false, Copies.class.getClassLoader()));
    assertFalse(copies.hasNew());
  }

  @Test
  void classesAreLookedThroughOnlyWhereSomeWereLoaded() {
    for (int i = 0; i < 100; i++) {
      copies.hasNew();
    }
    assertEquals(1, looked);
    load(Integer.class);
    copies.hasNew();
    copies.hasNew();
    assertEquals(2, looked);
  }
}
