package dev.selvage.diagnostics.growth;

import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.acme.shop.Pools;
import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Growth;
import dev.selvage.diagnostics.jdk.UnsafeFieldReader;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Pools that nobody shuts down and queues without a bound are suspected, with their lines. */
class PoolGrowthTests {
  private final List<ExecutorService> made = new ArrayList<>();
  private final CountDownLatch open = new CountDownLatch(1);
  private long now;
  private final PoolGrowth watch =
      new PoolGrowth(
          () -> new Class<?>[] {Pools.class, Pools.Kept.class},
          UnsafeFieldReader.create(),
          () -> now);

  @AfterEach
  void stop() throws InterruptedException {
    open.countDown();
    made.forEach(ExecutorService::shutdown);
    for (ExecutorService pool : made) {
      assertTrue(pool.awaitTermination(1, MINUTES));
    }
  }

  private <E extends ExecutorService> E keep(E pool) {
    made.add(pool);
    return pool;
  }

  private interface Work {
    void run(int sample) throws Exception;
  }

  private List<Finding.Details> watched(String kind, Work work) throws Exception {
    for (int i = 0; i < 6; i++) {
      work.run(i);
      now += 500_000_000;
      watch.sample();
    }
    assertEquals(0, watch.failures());
    return watch.suspects().stream()
        .map(Finding.Suspected::details)
        .filter(details -> details.kind().equals(kind))
        .toList();
  }

  private static String site(String method, String text) throws Exception {
    List<String> lines = Files.readAllLines(Path.of("src/test/java/com/acme/shop/Pools.java"));
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).contains(text)) {
        return "com.acme.shop.Pools." + method + "(Pools.java:" + (i + 1) + ")";
      }
    }
    throw new AssertionError("no line with " + text);
  }

  /** Waits until it has done that many tasks, and its threads are at rest. */
  private static void settle(ExecutorService service, long done) throws Exception {
    ThreadPoolExecutor pool = (ThreadPoolExecutor) service;
    long end = System.nanoTime() + SECONDS.toNanos(60);
    while (pool.getCompletedTaskCount() < done || pool.getActiveCount() > 0) {
      assertTrue(System.nanoTime() < end, () -> "still " + pool);
      Thread.sleep(1);
    }
  }

  private ExecutorService report() throws Exception {
    ExecutorService pool = keep(Pools.report());
    settle(pool, 1);
    return pool;
  }

  // --------------- executors ---------------

  @Test
  void suspectsPoolsThatAreMadeAgainAndAgainAndNeverShutDown() throws Exception {
    List<Finding.Details> found =
        watched(
            "executor growth",
            _ -> {
              for (int i = 0; i < 3; i++) {
                report();
              }
            });
    assertEquals(1, found.size(), found::toString);
    Finding.Details it = found.getFirst();
    assertEquals(18, it.count());
    assertEquals(site("report", "newFixedThreadPool(1)"), it.site());
    assertEquals(18, it.evidence().get("threads"));
    assertEquals(15L, it.evidence().get("grewBy"));
    assertTrue(it.because().contains("from 3 to 18"), it.because());
    assertTrue(
        watch.growth().stream().anyMatch(g -> g.kind().equals("executor") && g.onlyGrows()),
        () -> watch.growth().stream().map(Growth::name).toList().toString());
  }

  @Test
  void staysSilentOnPoolsThatAreShutDown() throws Exception {
    assertEquals(
        List.of(),
        watched(
            "executor growth",
            _ -> {
              for (int i = 0; i < 3; i++) {
                report().shutdown();
              }
            }));
  }

  @Test
  void staysSilentWhenTheyAreShutDownAfterTheLastSample() throws Exception {
    for (int i = 0; i < 6; i++) {
      for (int j = 0; j < 3; j++) {
        report();
      }
      now += 500_000_000;
      watch.sample();
    }
    assertEquals(1, watch.suspects().size());
    made.forEach(ExecutorService::shutdown);
    assertEquals(List.of(), watch.suspects());
  }

  @Test
  void staysSilentOnPoolsThatAreUsedNowAndThen() throws Exception {
    assertEquals(
        List.of(),
        watched(
            "executor growth",
            _ -> {
              for (int i = 0; i < 3; i++) {
                report();
              }
              for (ExecutorService pool : made) { // one for each customer, say
                long done = ((ThreadPoolExecutor) pool).getCompletedTaskCount();
                pool.execute(() -> {});
                settle(pool, done + 1);
              }
            }));
  }

  @Test
  void staysSilentOnPoolsThatEndByThemselves() throws Exception {
    assertEquals(
        List.of(),
        watched(
            "executor growth",
            _ -> {
              for (int i = 0; i < 3; i++) {
                ExecutorService cached = keep(Executors.newCachedThreadPool());
                cached.execute(() -> {});
                ThreadPoolExecutor timed =
                    keep(new ThreadPoolExecutor(1, 1, 1, MINUTES, new LinkedBlockingQueue<>()));
                timed.allowCoreThreadTimeOut(true);
                timed.execute(() -> {});
                settle(cached, 1);
                settle(timed, 1);
              }
            }));
  }

  @Test
  void staysSilentOnFewPools() throws Exception {
    assertEquals(List.of(), watched("executor growth", _ -> report()));
  }

  @Test
  void keepsNoPoolAlive() throws Exception {
    WeakReference<ExecutorService> pool = looked();
    for (int i = 0; i < 100 && pool.get() != null; i++) {
      System.gc();
      Thread.sleep(20);
    }
    assertEquals(null, pool.get());
  }

  private WeakReference<ExecutorService> looked() throws Exception {
    ExecutorService pool = Pools.report();
    settle(pool, 1);
    watch.sample();
    pool.shutdown();
    assertTrue(pool.awaitTermination(1, MINUTES));
    return new WeakReference<>(pool);
  }

  // --------------- queues ---------------

  @Test
  void suspectsUnboundedQueueOfPoolThatFallsBehind() throws Exception {
    ExecutorService pool = keep(Executors.newFixedThreadPool(2));
    List<Finding.Details> found =
        watched(
            "queue growth",
            _ -> {
              for (int i = 0; i < 20; i++) {
                Pools.mail(pool, open, "somebody");
              }
            });
    assertEquals(1, found.size(), found::toString);
    Finding.Details it = found.getFirst();
    assertEquals(118, it.count());
    assertEquals(site("mail", "pool.execute(() -> send"), it.site());
    assertEquals("com.acme.shop.Pools$$Lambda", it.evidence().get("taskClass"));
    assertEquals("java.util.concurrent.LinkedBlockingQueue", it.evidence().get("queue"));
    assertEquals(2, it.evidence().get("busy"));
    assertTrue(it.because().contains("from 18 to 118"), it.because());
  }

  @Test
  void suspectsWhatPilesUpInForkJoinPool() throws Exception {
    ForkJoinPool pool = keep(new ForkJoinPool(1));
    Pools.mail(pool, open, "the one that is sent");
    while (pool.getActiveThreadCount() == 0 || pool.getQueuedSubmissionCount() > 0) {
      Thread.sleep(1);
    }
    List<Finding.Details> found =
        watched(
            "queue growth",
            _ -> {
              for (int i = 0; i < 20; i++) {
                Pools.mail(pool, open, "somebody");
              }
            });
    assertEquals(1, found.size(), found::toString);
    assertEquals(120, found.getFirst().count());
    assertEquals(site("mail", "pool.execute(() -> send"), found.getFirst().site());
  }

  @Test
  void staysSilentOnQueueWithBound() throws Exception {
    ThreadPoolExecutor array =
        keep(new ThreadPoolExecutor(1, 1, 0, SECONDS, new ArrayBlockingQueue<>(1_000)));
    ThreadPoolExecutor linked =
        keep(new ThreadPoolExecutor(1, 1, 0, SECONDS, new LinkedBlockingQueue<>(1_000)));
    assertEquals(
        List.of(),
        watched(
            "queue growth",
            _ -> {
              for (int i = 0; i < 20; i++) {
                Pools.mail(array, open, "somebody");
                Pools.mail(linked, open, "somebody");
              }
            }));
  }

  @Test
  void staysSilentOnBurstThatDrains() throws Exception {
    ExecutorService pool = keep(Executors.newFixedThreadPool(1));
    assertEquals(
        List.of(),
        watched(
            "queue growth",
            sample -> {
              if (sample < 4) {
                for (int i = 0; i < 50; i++) {
                  Pools.mail(pool, open, "somebody");
                }
              } else {
                open.countDown();
                settle(pool, 200);
              }
            }));
  }

  @Test
  void staysSilentOnLongQueueThatIsDoneInNoTime() throws Exception {
    ExecutorService pool = keep(Executors.newFixedThreadPool(1));
    List<CountDownLatch> gates = new ArrayList<>();
    assertEquals(
        List.of(),
        watched(
            "queue growth",
            sample -> {
              gates.forEach(CountDownLatch::countDown);
              for (int i = 0; i < 2_000; i++) {
                pool.execute(() -> {});
              }
              CountDownLatch gate = new CountDownLatch(1);
              CountDownLatch there = new CountDownLatch(1);
              pool.execute(there::countDown);
              Pools.mail(pool, gate, "the one that holds it up");
              assertTrue(there.await(1, MINUTES));
              gates.add(gate);
              for (int i = 0; i < 20 * (sample + 1); i++) {
                pool.execute(() -> {});
              }
            }));
    gates.forEach(CountDownLatch::countDown);
    Growth queue =
        watch.growth().stream()
            .filter(g -> g.kind().equals("queue") && g.points().getLast().size() >= 120)
            .findFirst()
            .orElse(null);
    assertNotNull(queue, "the queue was to grow all the same");
  }
}
