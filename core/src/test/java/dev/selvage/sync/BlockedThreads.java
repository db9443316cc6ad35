package dev.selvage.sync;

import static dev.selvage.Threads.startBlocked;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.Go;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Threads that are blocked for the time of a test, and interrupted after it. */
final class BlockedThreads implements AfterEachCallback {
  private final List<Thread> threads = new ArrayList<>();

  /** Starts one, and waits until it is blocked. */
  Thread start(Go.Action task) {
    Thread thread = startBlocked(task);
    threads.add(thread);
    return thread;
  }

  /** Adds one that the test has started. */
  void add(Thread thread) {
    threads.add(thread);
  }

  @Override
  public void afterEach(ExtensionContext context) throws InterruptedException {
    for (Thread thread : threads) {
      thread.interrupt();
      assertTrue(thread.join(Duration.ofSeconds(20)), () -> thread + " has not ended");
    }
  }
}
