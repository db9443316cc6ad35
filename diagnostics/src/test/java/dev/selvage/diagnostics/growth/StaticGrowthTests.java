package dev.selvage.diagnostics.growth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.acme.shop.Filler;
import com.acme.shop.Healthy;
import com.acme.shop.Leaky;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.google.common.collect.ImmutableList;
import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.jdk.UnsafeFieldReader;
import java.io.InputStream;
import java.lang.ref.WeakReference;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestReporter;

/**
 * Static maps and collections that only grow are suspected, with the line that puts; others not.
 */
class StaticGrowthTests {
  private static final String FILE = "com/acme/shop/Leaky.java";

  private long now;

  private StaticGrowth watch(Class<?>... classes) {
    return new StaticGrowth(classes::clone, UnsafeFieldReader.create(), () -> now);
  }

  /** Samples every half second, and does this so many times before each sample but the first. */
  private List<Finding.Suspected> watched(
      StaticGrowth watch, int samples, int times, Runnable work) {
    for (int i = 0; i < samples; i++) {
      for (int j = 0; j < times && i > 0; j++) {
        work.run();
      }
      now += 500_000_000;
      watch.sample();
    }
    assertEquals(0, watch.failures());
    return watch.suspects();
  }

  private Finding.Details only(Runnable work, Class<?>... classes) {
    work.run();
    List<Finding.Suspected> found = watched(watch(classes), 6, 20, work);
    assertEquals(1, found.size(), found.toString());
    return found.getFirst().details();
  }

  /** The site in that source file of the first line with this text. */
  private static String site(String method, String file, String text) throws Exception {
    List<String> lines = Files.readAllLines(Path.of("src/test/java", file));
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).contains(text)) {
        return method + "(" + Path.of(file).getFileName() + ":" + (i + 1) + ")";
      }
    }
    throw new AssertionError("no line with " + text);
  }

  @Test
  void namesFieldSizesAndLineOfMapThatOnlyGrows() throws Exception {
    Finding.Details it = only(Leaky.Sessions::login, Leaky.Sessions.class);
    assertEquals("map growth", it.kind());
    assertEquals(
        site("com.acme.shop.Leaky$Sessions.login", FILE, "SESSIONS.put(fresh()"), it.site());
    assertEquals("com.acme.shop.Leaky$Sessions.SESSIONS", it.evidence().get("field"));
    assertEquals("java.util.HashMap", it.evidence().get("class"));
    assertEquals("java.lang.String", it.evidence().get("keyClass"));
    assertEquals("byte[]", type(it.evidence().get("valueClass")));
    assertEquals(100L, it.evidence().get("grewBy"));
    assertEquals(40.0, it.evidence().get("entriesPerSecond"));
    List<?> sizes = (List<?>) it.evidence().get("sizes");
    assertNotNull(sizes);
    assertEquals(6, sizes.size());
    assertEquals("2.5s " + it.count(), sizes.getLast());
    assertEquals(
        site("com.acme.shop.Leaky$Sessions.<clinit>", FILE, "Collections.synchronizedMap(new"),
        it.evidence().get("createdAt"));
    assertTrue(it.because().contains("no code that can reach it takes anything out"), it.because());
    assertNull(it.evidence().get("keyFault"));
  }

  private static String type(@Nullable Object name) {
    return "[B".equals(name) ? "byte[]" : String.valueOf(name);
  }

  @Test
  void namesKeyClassWithoutEqualsAsTheCause() throws Exception {
    Finding.Details it = only(Leaky.Identity::price, Leaky.Identity.class);
    assertEquals("com.acme.shop.Leaky$Identity$Key", it.evidence().get("keyClass"));
    assertEquals("neither equals nor hashCode", it.evidence().get("keyFault"));
    assertEquals(
        site("com.acme.shop.Leaky$Identity.price", FILE, "PRICES.computeIfAbsent"), it.site());
    assertTrue(it.because().contains("neither equals nor hashCode"), it.because());
    assertTrue(it.suggestion().contains("equals and hashCode"), it.suggestion());
  }

  @Test
  void followsValuesThroughVariablesConditionsAndHelpers() throws Exception {
    Finding.Details it = only(() -> Leaky.Helped.log(true), Leaky.Helped.class);
    assertEquals("collection growth", it.kind());
    assertEquals(site("com.acme.shop.Leaky$Helped.append", FILE, "to.add(line)"), it.site());
    assertEquals("java.lang.String", it.evidence().get("elementClass"));
  }

  @Test
  void looksIntoSingletonsAndLambdas() throws Exception {
    Finding.Details it = only(Leaky.Registry.INSTANCE::register, Leaky.Registry.class);
    assertEquals("com.acme.shop.Leaky$Registry.INSTANCE.byName", it.evidence().get("field"));
    assertEquals(
        site("com.acme.shop.Leaky$Registry.lambda$register$0", FILE, "byName.put(fresh()"),
        it.site());
  }

  @Test
  void looksIntoElementsOfSmallMaps() throws Exception {
    Finding.Details it = only(() -> Leaky.Listeners.listen(() -> {}), Leaky.Listeners.class);
    assertEquals("com.acme.shop.Leaky$Listeners.BY_TOPIC[]", it.evidence().get("field"));
    assertEquals("java.util.concurrent.CopyOnWriteArrayList", it.evidence().get("class"));
    assertEquals(site("com.acme.shop.Leaky$Listeners.listen", FILE, ".add(listener)"), it.site());
  }

  @Test
  void followsFieldWhoseMapIsReplacedAtEachPut() {
    Finding.Details it = only(Leaky.Copied::put, Leaky.Copied.class);
    assertEquals("com.acme.shop.Leaky$Copied.table", it.evidence().get("field"));
    // No line puts into the map that the field holds; none is made up.
    assertNull(it.site());
  }

  @Test
  void findsLinesInOtherClassesThatGetTheMapFromMethod() throws Exception {
    Finding.Details it = only(Filler::fill, Leaky.Shared.class, Filler.class);
    assertEquals(
        site("com.acme.shop.Filler.fill", "com/acme/shop/Filler.java", "attributes().put"),
        it.site());
  }

  @Test
  void knowsSetsQueuesAndSortedMaps() throws Exception {
    List<Finding.Suspected> found = watched(watch(Leaky.Several.class), 6, 20, Leaky.Several::all);
    Map<Object, @Nullable String> sites = new java.util.HashMap<>();
    found.forEach(
        f -> sites.put(f.details().evidence().getOrDefault("field", ""), f.details().site()));
    String type = "com.acme.shop.Leaky$Several";
    assertEquals(
        Map.of(
            type + ".SEEN", site(type + ".all", FILE, "SEEN.add"),
            type + ".PENDING", site(type + ".all", FILE, "PENDING.add"),
            type + ".BLOCKING", site(type + ".all", FILE, "BLOCKING.offer"),
            type + ".SORTED.value", site(type + ".all", FILE, "SORTED.get()).put")),
        sites);
  }

  @Test
  void knowsCacheOfGuavaWithoutBound() throws Exception {
    Finding.Details it = only(Leaky.GuavaCache::put, Leaky.GuavaCache.class);
    assertEquals(site("com.acme.shop.Leaky$GuavaCache.put", FILE, "CACHE.put(fresh()"), it.site());
    assertEquals("map growth", it.kind());
  }

  @Test
  void knowsCacheOfCaffeineWithoutBound() throws Exception {
    Finding.Details it = only(Leaky.CaffeineCache::get, Leaky.CaffeineCache.class);
    assertEquals(
        site("com.acme.shop.Leaky$CaffeineCache.get", FILE, "CACHE.get(fresh()"), it.site());
  }

  @TestFactory
  Stream<DynamicTest> staysSilentOnWhatIsBounded() {
    return Stream.of(
            Map.entry(Healthy.Lru.class, (Runnable) Healthy.Lru::put),
            Map.entry(Healthy.Weak.class, (Runnable) Healthy.Weak::put),
            Map.entry(Healthy.Libraries.class, (Runnable) Healthy.Libraries::put),
            Map.entry(Healthy.Bounded.class, (Runnable) Healthy.Bounded::offer))
        .map(
            e ->
                DynamicTest.dynamicTest(
                    e.getKey().getSimpleName(),
                    () -> {
                      e.getValue().run();
                      StaticGrowth watch = watch(e.getKey());
                      assertEquals(List.of(), watched(watch, 7, 40, e.getValue()));
                      assertTrue(watch.followed() > 0 || e.getKey() == Healthy.Weak.class);
                    }));
  }

  private boolean suspected(int... sizes) {
    Healthy.Steered.size(0);
    StaticGrowth watch = watch(Healthy.Steered.class);
    for (int size : sizes) {
      Healthy.Steered.size(size);
      now += 500_000_000;
      watch.sample();
    }
    return !watch.suspects().isEmpty();
  }

  @Test
  void tellsGrowthFromOtherCurves() {
    assertTrue(suspected(0, 100, 200), "three samples that grow");
    assertTrue(suspected(0, 0, 0, 50, 120, 160, 240), "a quiet start");
    assertTrue(suspected(5, 40, 90, 90, 150, 200, 240), "one pause");
    assertFalse(suspected(0, 100), "two samples");
    assertFalse(suspected(0, 500, 500, 500, 500, 500), "filled once");
    assertFalse(suspected(0, 200, 400, 600, 600, 600), "grows, then stays bounded");
    assertFalse(suspected(0, 500, 700, 780, 810, 820, 821), "levels off");
    assertFalse(suspected(0, 200, 400, 100, 300, 500), "shrinks now and then");
    assertFalse(suspected(0, 5, 10, 15, 20, 25), "hardly grows");
    assertFalse(suspected(300, 300, 300, 300, 300, 400, 500), "only lately");
  }

  @Test
  void findsClassesThatAreLoadedLater() {
    List<Class<?>> loaded = new ArrayList<>();
    StaticGrowth watch =
        new StaticGrowth(
            () -> loaded.toArray(Class<?>[]::new), UnsafeFieldReader.create(), () -> now);
    assertEquals(List.of(), watched(watch, 2, 10, Leaky.Sessions::login));
    loaded.add(Leaky.Sessions.class);
    assertEquals(1, watched(watch, 5, 20, Leaky.Sessions::login).size());
  }

  @Test
  void tellsWhatSampleOfManyClassesCosts(TestReporter reporter) {
    Class<?>[] many =
        Stream.of(ImmutableList.class, Caffeine.class, Test.class, Leaky.class, Healthy.class)
            .flatMap(type -> Stream.concat(Stream.of(type), Stream.of(type.getDeclaredClasses())))
            .toArray(Class<?>[]::new);
    StaticGrowth watch = watch(many);
    for (int i = 0; i < 5; i++) {
      long start = System.nanoTime();
      watch.sample();
      reporter.publishEntry(
          "sample " + i + " of " + many.length + " classes",
          (System.nanoTime() - start) / 1000 + " us");
    }
    assertEquals(0, watch.failures());
  }

  @Test
  void initialisesNoClass() {
    watched(watch(Healthy.Untouched.class), 3, 1, () -> {});
    assertFalse(Healthy.Initialised.done());
  }

  @Test
  void lookingDoesNotKeepClassLoadersAlive() throws Exception {
    List<Class<?>> loaded = new ArrayList<>();
    StaticGrowth watch =
        new StaticGrowth(
            () -> loaded.toArray(Class<?>[]::new), UnsafeFieldReader.create(), () -> now);
    WeakReference<ClassLoader> loader = leakInOwnLoader(watch, loaded);
    loaded.clear();
    for (int i = 0; i < 100 && (loader.get() != null || watch.followed() > 0); i++) {
      System.gc();
      Thread.sleep(20);
      watch.sample();
    }
    assertNull(loader.get());
    assertEquals(0, watch.followed());
  }

  private WeakReference<ClassLoader> leakInOwnLoader(StaticGrowth watch, List<Class<?>> loaded)
      throws Exception {
    URLClassLoader loader = new OwnLoader();
    Class<?> leaky = Class.forName("com.acme.shop.Leaky$Sessions", true, loader);
    assertEquals(loader, leaky.getClassLoader());
    loaded.add(leaky);
    var login = leaky.getMethod("login");
    for (int i = 0; i < 4; i++) {
      for (int j = 0; j < 50; j++) {
        login.invoke(null);
      }
      now += 500_000_000;
      watch.sample();
    }
    List<Finding.Suspected> found = watch.suspects();
    assertEquals(1, found.size());
    assertNotNull(found.getFirst().details().site());
    return new WeakReference<>(loader);
  }

  /** Defines the program's classes itself. */
  private static final class OwnLoader extends URLClassLoader {
    OwnLoader() {
      super(new java.net.URL[0], StaticGrowthTests.class.getClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (!name.startsWith("com.acme.shop.") || findLoadedClass(name) != null) {
        return super.loadClass(name, resolve);
      }
      try (InputStream in = getResourceAsStream(name.replace('.', '/') + ".class")) {
        if (in == null) {
          throw new ClassNotFoundException(name);
        }
        byte[] bytes = in.readAllBytes();
        return defineClass(name, bytes, 0, bytes.length);
      } catch (java.io.IOException e) {
        throw new ClassNotFoundException(name, e);
      }
    }
  }
}
