package dev.selvage.diagnostics.growth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.acme.shop.Contexts;
import dev.selvage.Context;
import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Growth;
import java.io.InputStream;
import java.lang.ref.WeakReference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tickers and contexts that nobody stops are suspected; those in use and those that go are not. */
class ResourceGrowthTests {
  private static final String SITE = "com.acme.Poller.start(Poller.java:31)";
  private static final long HALF_SECOND = 500_000_000;

  private long now;
  private Class<?> probe = Object.class;
  private ResourceGrowth watch = new ResourceGrowth(() -> new Class<?>[0], () -> now);

  @BeforeEach
  void loadProbeInItsOwnLoader() throws Exception {
    probe = new ProbeLoader().loadClass("dev.selvage.observe.Probe");
    Class<?>[] loaded = {String.class, probe};
    watch = new ResourceGrowth(() -> loaded, () -> now);
  }

  /** Defines the fixture under the name of the real thing. */
  private static final class ProbeLoader extends ClassLoader {
    ProbeLoader() {
      // Others would give the real one, which is a module of the JVM that runs the tests.
      super(null);
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
      String file = "/dev/fakeage/observe/Probe.class";
      try (InputStream in = ResourceGrowthTests.class.getResourceAsStream(file)) {
        if (in == null) {
          throw new ClassNotFoundException(name);
        }
        byte[] bytes =
            new String(in.readAllBytes(), StandardCharsets.ISO_8859_1)
                .replace("fakeage", "selvage")
                .getBytes(StandardCharsets.ISO_8859_1);
        return defineClass(name, bytes, 0, bytes.length);
      } catch (java.io.IOException e) {
        throw new ClassNotFoundException(name, e);
      }
    }
  }

  private static Map<String, Object> resource(
      String kind, long ageNanos, boolean creatorEnded, int waiters) {
    return Map.of(
        "kind",
        kind,
        "site",
        SITE,
        "stack",
        List.of(
            new StackTraceElement("com.acme.Poller", "start", "Poller.java", 31),
            new StackTraceElement("com.acme.Main", "main", "Main.java", 5)),
        "ageNanos",
        ageNanos,
        "creator",
        "#7",
        "creatorEnded",
        creatorEnded,
        "waiters",
        waiters);
  }

  @Test
  void allThatIsWatchedHasACurveSuspectedOrNot() throws Exception {
    List<Map<String, Object>> resources = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      resources.add(resource("ticker", HALF_SECOND * (6 - i), false, 0));
      sample(resources);
    }
    Growth growth = watch.growth().getFirst();
    assertEquals("ticker", growth.kind());
    assertEquals(SITE, growth.site());
    assertEquals(5, growth.grewBy());
    assertEquals(6, growth.points().size());
    assertEquals(
        List.of(1L, 2L, 3L, 4L, 5L, 6L), growth.points().stream().map(Growth.Point::size).toList());
  }

  private void sample(List<Map<String, Object>> resources) throws Exception {
    sample(1, resources);
  }

  private void sample(int protocol, List<Map<String, Object>> resources) throws Exception {
    probe.getMethod("answer", int.class, List.class).invoke(null, protocol, resources);
    now += HALF_SECOND;
    watch.sample();
  }

  /** As many as {@code each} more in each sample, all of which stay. */
  private void grow(String kind, int each, boolean ended, int waiters) throws Exception {
    for (int i = 1; i <= 6; i++) {
      List<Map<String, Object>> all = new ArrayList<>();
      for (int made = 1; made <= i; made++) {
        for (int j = 0; j < each; j++) {
          all.add(resource(kind, (i - made) * HALF_SECOND + 1000, ended, waiters));
        }
      }
      sample(all);
    }
  }

  @Test
  void suspectsTickersWhoseNumberGrows() throws Exception {
    grow("ticker", 3, false, 1);
    Finding.Details it = watch.suspects().getFirst().details();
    assertEquals("ticker growth", it.kind());
    assertEquals(18, it.count());
    assertEquals(SITE, it.site());
    assertEquals("com.acme.Main.main(Main.java:5)", it.entry());
    assertEquals(18, it.evidence().get("running"));
    assertEquals(15L, it.evidence().get("grewBy"));
    assertTrue(it.because().contains("from 3 to 18"), it.because());
  }

  @Test
  void suspectsTickersThatOutliveTheirMakers() throws Exception {
    for (int i = 1; i <= 2; i++) {
      sample(
          List.of(
              resource("ticker", i * HALF_SECOND, true, 0),
              resource("ticker", i * HALF_SECOND, true, 0)));
    }
    Finding.Details it = watch.suspects().getFirst().details();
    assertEquals(2, it.count());
    assertTrue(it.because().contains("threads that made them have ended"), it.because());
  }

  @Test
  void suspectsContextsThatNobodyCancels() throws Exception {
    grow("context", 4, true, 1);
    Finding.Details it = watch.suspects().getFirst().details();
    assertEquals("context growth", it.kind());
    assertEquals(24, it.count());
    assertEquals(24, it.evidence().get("creatorEnded"));
    assertTrue(it.suggestion().contains("cancel it"), it.suggestion());
  }

  /** Growth of contexts, by the language itself, and a collection before each sample. */
  private List<Finding.Suspected> contexts(Consumer<Contexts> request) {
    ResourceGrowth real =
        new ResourceGrowth(() -> new Class<?>[] {Context.class}, System::nanoTime);
    try (Contexts service = new Contexts()) {
      for (int i = 0; i < 6; i++) {
        for (int j = 0; j < 10; j++) {
          request.accept(service);
        }
        System.gc();
        real.sample();
      }
      assertEquals(0, real.failures());
      return real.suspects().stream()
          .filter(f -> String.valueOf(f.details().site()).contains("com.acme.shop.Contexts."))
          .toList();
    }
  }

  @Test
  void suspectsChildrenOfLongLivedContextWhoseCancelWasDropped() throws Exception {
    List<Finding.Suspected> found = contexts(Contexts::request);
    assertEquals(1, found.size(), found::toString);
    Finding.Details it = found.getFirst().details();
    assertEquals(60, it.count());
    assertEquals(line("request", "ctx = service.withCancel();"), it.site());
    assertEquals(line("<init>", "service = Context"), it.evidence().get("heldBy"));
    assertEquals(60, it.evidence().get("held"));
    assertTrue(it.because().contains("all are children of what is made at"), it.because());
  }

  private static String line(String method, String text) throws Exception {
    List<String> lines = Files.readAllLines(Path.of("src/test/java/com/acme/shop/Contexts.java"));
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).contains(text)) {
        return "com.acme.shop.Contexts." + method + "(Contexts.java:" + (i + 1) + ")";
      }
    }
    throw new AssertionError("no line with " + text);
  }

  @Test
  void staysSilentOnChildrenThatAreCancelled() {
    assertEquals(List.of(), contexts(Contexts::careful));
  }

  @Test
  void staysSilentOnDroppedContextsThatNothingElseHas() {
    assertEquals(List.of(), contexts(Contexts::orphan));
  }

  @Test
  void staysSilentOnTickersInUse() throws Exception {
    for (int i = 1; i <= 6; i++) {
      // Made by threads that ended, but somebody receives from them.
      sample(
          List.of(
              resource("ticker", i * HALF_SECOND, true, 1),
              resource("ticker", i * HALF_SECOND, true, i % 2),
              resource("ticker", i * HALF_SECOND, false, 0)));
    }
    assertEquals(List.of(), watch.suspects());
  }

  @Test
  void staysSilentOnContextsThatComeAndGoUnderRisingLoad() throws Exception {
    for (int i = 1; i <= 6; i++) {
      List<Map<String, Object>> young = new ArrayList<>();
      for (int j = 0; j < i * 10; j++) {
        young.add(resource("context", 100_000_000, j % 2 == 0, 0));
      }
      sample(young);
    }
    assertEquals(List.of(), watch.suspects());
  }

  @Test
  void staysSilentOnTimersThatWillFire() throws Exception {
    grow("timer", 40, true, 0);
    assertEquals(List.of(), watch.suspects());
  }

  @Test
  void saysNothingAfterOneSample() throws Exception {
    sample(
        List.of(
            resource("ticker", HALF_SECOND, true, 0), resource("ticker", HALF_SECOND, true, 0)));
    assertEquals(List.of(), watch.suspects());
  }

  @Test
  void leavesOutProbesThatSpeakNoProtocol() throws Exception {
    sample(0, List.of(resource("ticker", HALF_SECOND, true, 0)));
    assertEquals(1, watch.failures());
    assertEquals(List.of(), watch.growth());
  }

  @Test
  void readsProbesOfLaterProtocolsWhichHaveWhatTheEarlierOnesHad() throws Exception {
    sample(99, List.of(resource("ticker", HALF_SECOND, true, 0)));
    assertEquals(0, watch.failures());
    assertEquals(SITE, watch.growth().getFirst().site());
  }

  @Test
  void keepsNoLoaderAlive() throws Exception {
    List<Class<?>> loaded = new ArrayList<>();
    loaded.add(probe);
    watch = new ResourceGrowth(() -> loaded.toArray(Class<?>[]::new), () -> now);
    grow("ticker", 3, true, 0);
    WeakReference<ClassLoader> loader = new WeakReference<>(probe.getClassLoader());
    probe = Object.class;
    loaded.clear();
    for (int i = 0; i < 50 && loader.get() != null; i++) {
      System.gc();
      Thread.sleep(20);
    }
    assertNull(loader.get());
  }
}
