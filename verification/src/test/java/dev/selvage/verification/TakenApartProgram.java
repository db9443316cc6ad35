package dev.selvage.verification;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import org.jspecify.annotations.Nullable;

/**
 * A thread that waits, and another that will wake it by an object which the optimising compiler has
 * taken apart: no heap dump shows that the other knows the queue.
 */
final class TakenApartProgram {
  private static final Semaphore GATE = new Semaphore(Integer.MAX_VALUE);
  private static volatile @Nullable SynchronousQueue<Integer> handed;

  private TakenApartProgram() {}

  private record Guard(SynchronousQueue<Integer> queue) implements AutoCloseable {
    @Override
    public void close() {
      queue.offer(1);
    }
  }

  public static void main(String[] args) throws Exception {
    Thread taker = startTaker();
    Thread waker = Thread.ofPlatform().daemon().start(TakenApartProgram::run);
    while (waker.getState() != Thread.State.WAITING) {
      Thread.sleep(10);
    }
    Child.serve(
        _ -> {
          GATE.release();
          waker.join();
          Child.say(handed == null ? "woken" : "not even begun");
        });
    System.exit(taker.join(Duration.ofSeconds(30)) ? 0 : 1);
  }

  private static Thread startTaker() {
    var queue = new SynchronousQueue<Integer>();
    handed = queue;
    return Thread.ofVirtual().name("taker").start(() -> take(queue));
  }

  private static void take(SynchronousQueue<Integer> queue) {
    try {
      queue.take();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void run() {
    try {
      for (int i = 0; i < 200_000; i++) {
        hold(new SynchronousQueue<>());
      }
      GATE.drainPermits();
      hold(handed());
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static SynchronousQueue<Integer> handed() {
    var queue = handed;
    handed = null;
    if (queue == null) {
      throw new IllegalStateException();
    }
    return queue;
  }

  @SuppressWarnings({"try", "unused"}) // of the guard only the end is used
  private static void hold(SynchronousQueue<Integer> queue) throws InterruptedException {
    try (var _ = new Guard(queue)) {
      pause();
    }
  }

  /** Is not compiled into its caller: the test says so to the compiler. */
  private static void pause() throws InterruptedException {
    GATE.acquire();
  }
}
