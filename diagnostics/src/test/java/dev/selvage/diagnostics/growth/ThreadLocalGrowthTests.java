package dev.selvage.diagnostics.growth;

import static java.util.concurrent.TimeUnit.MINUTES;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.acme.shop.Pools;
import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Watch;
import dev.selvage.diagnostics.jdk.FieldReader;
import dev.selvage.diagnostics.jdk.UnsafeFieldReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the threads of pools, and queues of other threads, keep of one task after the other. */
class ThreadLocalGrowthTests {
  private final ExecutorService pool = Executors.newFixedThreadPool(1);
  private final CountDownLatch open = new CountDownLatch(1);
  private final FieldReader reader = UnsafeFieldReader.create();
  private long now;

  private final StaticGrowth containers =
      new StaticGrowth(ThreadLocalGrowthTests::classes, reader, () -> now);
  private final ThreadLocalGrowth variables =
      new ThreadLocalGrowth(ThreadLocalGrowthTests::classes, reader, () -> now);

  private static Class<?>[] classes() {
    return new Class<?>[] {Pools.class, Pools.Kept.class, Pools.Binding.class, Pools.Mailer.class};
  }

  @AfterEach
  void stop() throws InterruptedException {
    open.countDown();
    pool.shutdownNow();
    assertTrue(pool.awaitTermination(1, MINUTES));
  }

  private interface Work {
    void run(int sample) throws Exception;
  }

  private List<Finding.Details> watched(Watch watch, int samples, Work work) throws Exception {
    for (int i = 0; i < samples; i++) {
      work.run(i);
      now += 1_000_000_000;
      watch.sample();
    }
    assertEquals(0, containers.failures());
    assertEquals(0, variables.failures());
    return watch.suspects().stream().map(Finding.Suspected::details).toList();
  }

  /** Twenty tasks, each to its end. */
  private void tasks(Runnable task) throws Exception {
    for (int i = 0; i < 20; i++) {
      pool.submit(task).get(1, MINUTES);
    }
    pool.submit(() -> {}).get(1, MINUTES);
  }

  private static String site(String method, String text) throws Exception {
    List<String> lines = Files.readAllLines(Path.of("src/test/java/com/acme/shop/Pools.java"));
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).contains(text)) {
        return "com.acme.shop.Pools$Kept." + method + "(Pools.java:" + (i + 1) + ")";
      }
    }
    throw new AssertionError("no line with " + text);
  }

  @Test
  void suspectsCollectionThatPoolThreadKeepsFromTaskToTask() throws Exception {
    List<Finding.Details> found =
        watched(containers, 6, _ -> tasks(() -> Pools.Kept.log("a line")));
    assertEquals(1, found.size(), found::toString);
    Finding.Details it = found.getFirst();
    assertEquals("thread-local growth", it.kind());
    assertEquals(120, it.count());
    assertEquals(site("log", "LINES.get().add"), it.site());
    assertEquals("com.acme.shop.Pools$Kept.LINES[]", it.evidence().get("field"));
    assertEquals(1, it.evidence().get("threads"));
    assertTrue(it.because().contains("from task to task"), it.because());
  }

  @Test
  void staysSilentOnWhatEachTaskClears() throws Exception {
    assertEquals(
        List.of(),
        watched(containers, 6, _ -> tasks(() -> Pools.Kept.count(List.of("a", "b", "c")))));
  }

  @Test
  void staysSilentOnOneTaskThatCollects() throws Exception {
    LinkedBlockingQueue<String> words = new LinkedBlockingQueue<>();
    LinkedBlockingQueue<String> done = new LinkedBlockingQueue<>();
    pool.execute(
        () -> {
          try {
            for (String word = words.take(); !word.isEmpty(); word = words.take()) {
              Pools.Kept.collect(word);
              done.add(word);
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    List<Finding.Details> found =
        watched(
            containers,
            6,
            sample -> {
              for (int i = 0; i < 20; i++) {
                words.add("word " + sample + " " + i);
              }
              for (int i = 0; i < 20; i++) {
                done.take();
              }
            });
    assertEquals(List.of(), found);
    words.add("");
  }

  @Test
  void suspectsVariablesThatAreMadeAnewForEachTask() throws Exception {
    List<Finding.Details> found =
        watched(variables, 6, _ -> tasks(() -> Pools.Kept.bind("somebody")));
    assertEquals(1, found.size(), found::toString);
    Finding.Details it = found.getFirst();
    assertEquals("thread-local growth", it.kind());
    assertTrue(it.count() >= 120, it::toString);
    assertEquals("com.acme.shop.Pools$Binding", it.evidence().get("valueClass"));
    assertEquals(site("bind", "new ThreadLocal<>()"), it.site());
  }

  @Test
  void staysSilentOnVariablesThatAreSetAgain() throws Exception {
    assertEquals(List.of(), watched(variables, 6, _ -> tasks(() -> Pools.Kept.log("a line"))));
  }

  @Test
  void suspectsQueueOfThreadThatFallsBehind() throws Exception {
    Pools.Mailer mailer = new Pools.Mailer(open);
    Thread thread = Thread.ofPlatform().daemon().start(mailer);
    List<Finding.Details> found =
        watched(
            containers,
            8,
            _ -> {
              for (int i = 0; i < 20; i++) {
                mailer.put("mail");
              }
            });
    assertEquals(1, found.size(), found::toString);
    assertEquals("queue growth", found.getFirst().kind());
    assertEquals("com.acme.shop.Pools$Mailer.outbox", found.getFirst().evidence().get("field"));
    String site = found.getFirst().site();
    assertTrue(site != null && site.startsWith("com.acme.shop.Pools$Mailer.put("), site);
    open.countDown();
    thread.join();
  }

  @Test
  void staysSilentOnQueueOfThreadThatIsBoundedOrKeepsUpOrIsYoung() throws Exception {
    Pools.Mailer bounded = new Pools.Mailer(new ArrayBlockingQueue<>(1_000), open);
    Pools.Mailer kept = new Pools.Mailer(open);
    Pools.Mailer young = new Pools.Mailer(open);
    List<Thread> threads =
        List.of(
            Thread.ofPlatform().daemon().start(bounded), Thread.ofPlatform().daemon().start(kept));
    List<Finding.Details> found =
        watched(
            containers,
            8,
            sample -> {
              for (int i = 0; i < 20; i++) {
                bounded.put("mail");
                kept.put("mail");
                if (sample >= 4) {
                  young.put("mail");
                }
              }
              if (sample == 5) {
                kept.take();
              }
              if (sample == 4) {
                Thread.ofPlatform().daemon().start(young);
              }
            });
    assertEquals(List.of(), found);
    open.countDown();
    for (Thread thread : threads) {
      thread.join();
    }
  }
}
