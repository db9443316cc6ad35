package dev.selvage.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.diagnostics.Report;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One look for many requests. */
@Timeout(60)
final class LooksTests {

  @Test
  @DisplayName("who comes during a look gets its result, and the rest counts from its end")
  void shared() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch mayEnd = new CountDownLatch(1);
    AtomicLong nanos = new AtomicLong();
    AtomicInteger found = new AtomicInteger();
    FakeLeaks slow =
        new FakeLeaks() {
          @Override
          public Report find(Mode mode) {
            found.incrementAndGet();
            begun.countDown();
            try {
              assertTrue(mayEnd.await(30, TimeUnit.SECONDS));
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
            return super.find(mode);
          }
        };
    Looks looks = new Looks(slow, nanos::get);
    try (ExecutorService pool = Executors.newCachedThreadPool()) {
      Future<Report> first = pool.submit(looks::look);
      assertTrue(begun.await(30, TimeUnit.SECONDS));
      nanos.addAndGet(TimeUnit.SECONDS.toNanos(10));
      List<Future<Report>> others = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        others.add(pool.submit(looks::look));
      }
      mayEnd.countDown();
      Report report = first.get();
      for (Future<Report> other : others) {
        assertSame(report, other.get());
      }
      nanos.addAndGet(Looks.REST.toNanos() - 1);
      assertSame(report, looks.look());
      assertEquals(1, found.get());
      nanos.addAndGet(1);
      looks.look();
      assertEquals(2, found.get());
    }
  }
}
