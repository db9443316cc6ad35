package dev.selvage.diagnostics.jdk;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.diagnostics.jdk.Jdk.Container;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** An executor that is being shut down while its threads are to be hidden interrupts them all. */
class ShutdownNowTests {
  private final CountDownLatch interrupting = new CountDownLatch(1);
  private final CountDownLatch goOn = new CountDownLatch(1);
  private final CountDownLatch never = new CountDownLatch(1);

  /** Holds up who interrupts it. */
  private final class Slow extends Thread {
    private Slow(Runnable task) {
      super(task);
    }

    @Override
    public void interrupt() {
      interrupting.countDown();
      try {
        goOn.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      super.interrupt();
    }
  }

  private void waitForEver() {
    try {
      never.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Thread newThread(AtomicBoolean slow, Runnable task) {
    return slow.get() ? new Slow(task) : Thread.ofVirtual().unstarted(task);
  }

  @Test
  void nobodyIsForgottenWhoIsHiddenInTheMiddleOfIt() throws InterruptedException {
    Jdk jdk = Jdk.ofThisJvm();
    AtomicBoolean slow = new AtomicBoolean();
    ExecutorService executor = Executors.newThreadPerTaskExecutor(task -> newThread(slow, task));
    for (int i = 0; i < 400; i++) {
      slow.set(i == 200);
      executor.execute(this::waitForEver);
    }
    List<Container> containers = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 1_000 && threads.size() < 399; i++) {
      Thread.sleep(5);
      containers.clear();
      threads.clear();
      jdk.forEach(
          (container, thread) -> {
            if (container.jdkContainer() == executor && jdk.isParked(thread)) {
              containers.add(container);
              threads.add(thread);
            }
          });
    }
    Thread shutdown = Thread.ofPlatform().start(executor::shutdownNow);
    interrupting.await();

    jdk.prepare();
    for (int i = 0; i < threads.size(); i++) {
      jdk.hide(containers.get(i), threads.get(i), jdk.handle(threads.get(i)));
    }
    goOn.countDown();
    shutdown.join();
    for (int i = 0; i < threads.size(); i++) {
      jdk.restore(containers.get(i), threads.get(i).threadId(), threads.get(i));
    }

    assertTrue(executor.awaitTermination(20, TimeUnit.SECONDS), "some were not interrupted");
  }
}
