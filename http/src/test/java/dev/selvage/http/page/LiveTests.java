package dev.selvage.http.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One sampler for all who look, and none when nobody does. */
@Timeout(60)
final class LiveTests {
  /** One sample each time that somebody lets it. */
  private static final class Steps implements Live.Source {
    final Semaphore mayStep = new Semaphore(0);
    final AtomicInteger samples = new AtomicInteger();
    final AtomicBoolean breaks = new AtomicBoolean();
    volatile String findings = "[]";

    @Override
    public String hello() {
      return "{\"pid\":1}";
    }

    @Override
    public String sample() {
      try {
        assertTrue(mayStep.tryAcquire(30, TimeUnit.SECONDS));
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      if (breaks.get()) {
        throw new IllegalStateException("meant to");
      }
      return Integer.toString(samples.incrementAndGet());
    }

    @Override
    public long costNanos() {
      return 0;
    }

    @Override
    public String findings() {
      return findings;
    }
  }

  private final Steps source = new Steps();
  private final List<Thread> threads = new CopyOnWriteArrayList<>();
  private final AtomicInteger made = new AtomicInteger();
  private final Live live =
      new Live(
          () -> {
            made.incrementAndGet();
            return source;
          },
          task -> {
            Thread thread = Thread.ofPlatform().daemon().unstarted(task);
            thread.setUncaughtExceptionHandler((_, _) -> {});
            threads.add(thread);
            return thread;
          },
          1_000_000);

  @AfterEach
  void nothingIsLeft() throws InterruptedException {
    source.mayStep.release(1_000);
    for (Thread thread : threads) {
      thread.join(TimeUnit.SECONDS.toMillis(30));
      assertFalse(thread.isAlive(), "the sampler has ended");
    }
  }

  private Live.Viewer open() {
    return Objects.requireNonNull(live.open());
  }

  private static String take(Live.Viewer viewer) throws InterruptedException {
    byte[] next = viewer.take();
    return next == null ? "end" : new String(next, StandardCharsets.UTF_8).strip();
  }

  private static String event(String name, String data) {
    return "event: " + name + "\ndata: " + data;
  }

  /** Lets it sample once, and waits until it has and everybody was given that. */
  private void step() throws InterruptedException {
    int before = source.samples.get();
    source.mayStep.release();
    while (source.samples.get() == before || source.mayStep.availablePermits() > 0) {
      Thread.sleep(1);
    }
    // The sampler asks for the next one only when the last was handed out.
    while (!source.mayStep.hasQueuedThreads()) {
      Thread.sleep(1);
    }
  }

  @Test
  @DisplayName("nothing runs before somebody looks and after the last has gone")
  void idle() throws Exception {
    assertEquals(0, made.get());
    assertEquals(0, threads.size());
    try (Live.Viewer viewer = open()) {
      assertEquals(event("hello", "{\"pid\":1}"), take(viewer));
      assertEquals(event("history", "[]"), take(viewer));
      step();
      assertEquals(event("sample", "1"), take(viewer));
      assertEquals(event("findings", "[]"), take(viewer));
      assertEquals(1, threads.size());
    }
    source.mayStep.release(1_000);
    threads.getFirst().join(TimeUnit.SECONDS.toMillis(30));
    assertFalse(live.isSampling());
    int after = source.samples.get();
    Thread.sleep(20);
    assertEquals(after, source.samples.get(), "no sample that nobody sees");
    source.mayStep.drainPermits();
    try (Live.Viewer again = open()) {
      assertTrue(take(again).startsWith("event: hello"));
      assertEquals(2, threads.size(), "and it begins anew");
    }
    assertEquals(1, made.get());
  }

  @Test
  @DisplayName("all see the same samples, and who comes later gets those before in one piece")
  void shared() throws Exception {
    try (Live.Viewer first = open()) {
      step();
      step();
      try (Live.Viewer second = open()) {
        assertEquals(1, threads.size());
        take(second);
        assertEquals(event("history", "[1,2]"), take(second));
        assertEquals(event("findings", "[]"), take(second));
        source.findings = "[\"news\"]";
        step();
        assertEquals(event("sample", "3"), take(second));
        assertEquals(event("findings", "[\"news\"]"), take(second));
        take(first);
        take(first);
        String all = take(first) + take(first);
        assertFalse(all.contains("end"), all);
      }
    }
  }

  @Test
  @DisplayName("who is slow gets the newest, is told how many it missed, and holds up nobody")
  void slow() throws Exception {
    int many = Live.MOST_WAITING * 3;
    try (Live.Viewer slow = open();
        Live.Viewer quick = open()) {
      for (int i = 1; i <= many; i++) {
        step();
        List<String> got = new ArrayList<>();
        while (!got.contains(event("sample", Integer.toString(i)))) {
          got.add(take(quick));
        }
      }
      take(slow);
      take(slow);
      int dropped = many + 1 - Live.MOST_WAITING; // the findings came once, and stayed
      assertEquals(event("dropped", Integer.toString(dropped)), take(slow));
      assertEquals(event("findings", "[]"), take(slow), "no other is sent while nothing is new");
      for (int i = many - Live.MOST_WAITING + 2; i <= many; i++) {
        assertEquals(event("sample", Integer.toString(i)), take(slow), "in order, and once");
      }
      step();
      assertEquals(event("sample", Integer.toString(many + 1)), take(slow), "not told again");
    }
  }

  @Test
  @DisplayName("there are so many viewers and no more, and one that goes makes room")
  void bounded() {
    List<Live.Viewer> viewers = new ArrayList<>();
    for (int i = 0; i < Live.MOST_VIEWERS; i++) {
      viewers.add(open());
    }
    assertNull(live.open());
    viewers.getFirst().close();
    viewers.getFirst().close(); // Makes room for one, however often it is closed.
    Live.Viewer another = live.open();
    assertNotNull(another);
    assertNull(live.open());
    viewers.forEach(Live.Viewer::close);
    another.close();
    assertEquals(0, live.viewers());
  }

  @Test
  @DisplayName("one who waits for a sample is let go when it is closed")
  void closed() throws Exception {
    Live.Viewer viewer = open();
    take(viewer);
    take(viewer);
    Thread closer = Thread.ofPlatform().start(viewer::close);
    assertEquals("end", take(viewer));
    closer.join();
  }

  @Test
  @DisplayName("a sample that fails ends the streams, and the next who looks begins anew")
  void broken() throws Exception {
    try (Live.Viewer viewer = open()) {
      take(viewer);
      take(viewer);
      source.breaks.set(true);
      source.mayStep.release();
      assertEquals("end", take(viewer));
    }
    threads.getFirst().join(TimeUnit.SECONDS.toMillis(30));
    source.breaks.set(false);
    try (Live.Viewer again = open()) {
      take(again);
      take(again);
      step();
      assertEquals(event("sample", "1"), take(again));
    }
  }
}
