package dev.selvage.verification;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Leaks {@link #EACH} threads in each of the ways in which a program comes by virtual threads, some
 * of them in executors that stay in use. Their names, which have the origin in them, tell a test
 * whether the JDK still lists the right ones.
 */
public final class Origins {
  /** How many threads each origin leaks. */
  static final int EACH = 20;

  private static final Map<String, ExecutorService> REACHABLE = new LinkedHashMap<>();
  private static final AtomicInteger INTERRUPTED = new AtomicInteger();
  private static final AtomicInteger NAMES = new AtomicInteger();

  private Origins() {}

  public static void main(String[] args) throws Exception {
    Child.startAside(Origins::direct);
    Child.startAside(Origins::dropped);
    Child.startAside(Origins::reachable);
    Child.startAside(Origins::closing);
    Thread.sleep(500);
    Child.serve(
        command -> {
          switch (command) {
            case "use" -> Child.say(use());
            case "interrupt" -> Child.say(interrupt());
            default -> throw new IllegalArgumentException(command);
          }
        });
  }

  private static void direct() {
    for (int i = 0; i < EACH; i++) {
      Thread.ofVirtual().name(name("builder")).start(Origins::byBuilder);
      Thread.startVirtualThread(Origins::byMethod);
      Thread.ofVirtual().name(name("unstarted")).unstarted(Origins::byUnstarted).start();
      Thread.ofVirtual().name(name("factory"), 0).factory().newThread(Origins::byFactory).start();
      Thread.ofVirtual().name("parent").start(Origins::parent);
      Thread.ofVirtual().name(name("lambda")).start(() -> byLambda()); // LINE lambda
      // Nothing of this program is on its stack.
      Thread.startVirtualThread(new FutureTask<>(new SynchronousQueue<Integer>()::take));
    }
  }

  private static void parent() {
    Thread.ofVirtual().name(name("child")).start(Origins::byChild);
  }

  @SuppressWarnings("FutureReturnValueIgnored") // dropped on purpose
  private static void dropped() {
    var execute = Executors.newVirtualThreadPerTaskExecutor();
    var submit = Executors.newVirtualThreadPerTaskExecutor();
    var named = Executors.newThreadPerTaskExecutor(factory("droppedNamed"));
    var pool =
        new ThreadPoolExecutor(
            EACH, EACH, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), factory("droppedPool"));
    for (int i = 0; i < EACH; i++) {
      execute.execute(Origins::byDroppedExecute);
      submit.submit(Origins::byDroppedSubmit);
      named.execute(Origins::byDroppedNamed);
      pool.execute(Origins::byDroppedPool);
    }
  }

  @SuppressWarnings("FutureReturnValueIgnored") // dropped on purpose
  private static void reachable() {
    var execute = Executors.newVirtualThreadPerTaskExecutor();
    var submit = Executors.newVirtualThreadPerTaskExecutor();
    var named = Executors.newThreadPerTaskExecutor(factory("named"));
    var async = Executors.newVirtualThreadPerTaskExecutor();
    REACHABLE.put("execute", execute);
    REACHABLE.put("submit", submit);
    REACHABLE.put("named", named);
    REACHABLE.put("async", async);
    for (int i = 0; i < EACH; i++) {
      execute.execute(Origins::byExecute);
      submit.submit(Origins::bySubmit);
      named.execute(Origins::byNamed);
      CompletableFuture.runAsync(Origins::byAsync, async);
      submit.submit(() -> bySubmitLambda()); // LINE submitLambda
      CompletableFuture.runAsync(() -> byAsyncLambda(), async); // LINE asyncLambda
      // A handler that starts a helper which nobody waits for: the shape of a real server's leak.
      execute.execute(() -> execute.execute(Origins::byHelper));
    }
  }

  /** An executor whose owner waits in close for tasks that do not end. */
  private static void closing() throws InterruptedException {
    var started = new CountDownLatch(EACH);
    Thread closer =
        Thread.ofPlatform()
            .daemon()
            .name("closer")
            .start(
                () -> {
                  try (var executor = Executors.newThreadPerTaskExecutor(factory("closing"))) {
                    for (int i = 0; i < EACH; i++) {
                      executor.execute(started::countDown);
                      executor.execute(Origins::byClosing);
                    }
                  }
                });
    started.await();
    Objects.requireNonNull(closer);
  }

  private static String use() throws Exception {
    var wrong = new ArrayList<String>();
    for (var entry : REACHABLE.entrySet()) {
      ExecutorService executor = entry.getValue();
      List<Future<Integer>> futures = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        int value = i;
        futures.add(executor.submit(() -> value));
      }
      int sum = 0;
      for (var future : futures) {
        sum += future.get();
      }
      if (sum != 1225) {
        wrong.add(entry.getKey() + " computed " + sum);
      }
    }
    try (var fresh = Executors.newVirtualThreadPerTaskExecutor()) {
      var unused = fresh.submit(() -> 1);
    }
    return wrong.isEmpty() ? "used" : "unusable: " + wrong;
  }

  /** Ends what only an interrupt can end: first the orderly way, which must not be fooled. */
  private static String interrupt() throws Exception {
    var wrong = new ArrayList<String>();
    for (var entry : REACHABLE.entrySet()) {
      ExecutorService executor = entry.getValue();
      executor.shutdown();
      if (executor.awaitTermination(100, TimeUnit.MILLISECONDS) || executor.isTerminated()) {
        wrong.add(entry.getKey() + " believes to be empty");
      }
      var pending = executor.shutdownNow();
      if (!pending.isEmpty()) {
        wrong.add(entry.getKey() + " says it did not start " + pending.size());
      }
      if (!executor.awaitTermination(30, TimeUnit.SECONDS)) {
        wrong.add(entry.getKey() + " does not end");
      }
    }
    return wrong.isEmpty() ? "interrupted " + INTERRUPTED : "wrong: " + wrong;
  }

  private static ThreadFactory factory(String origin) {
    return task -> Thread.ofVirtual().name(name(origin)).unstarted(task);
  }

  private static String name(String origin) {
    return "origin-" + origin + "-" + NAMES.incrementAndGet();
  }

  /** Waits for a value that nobody can send; an interrupt is counted. */
  private interface Waiting {
    void run() throws InterruptedException;
  }

  private static void interruptibly(Waiting waiting) {
    try {
      waiting.run();
    } catch (InterruptedException e) {
      INTERRUPTED.incrementAndGet();
      Thread.currentThread().interrupt();
    }
  }

  private static void byBuilder() {
    interruptibly(() -> new SynchronousQueue<Integer>().take()); // LEAK builder
  }

  private static void byMethod() {
    interruptibly(() -> new SynchronousQueue<Integer>().take()); // LEAK method
  }

  private static void byUnstarted() {
    interruptibly(() -> new SynchronousQueue<Integer>().take()); // LEAK unstarted
  }

  private static void byFactory() {
    interruptibly(() -> new SynchronousQueue<Integer>().take()); // LEAK factory
  }

  private static void byChild() {
    interruptibly(() -> new SynchronousQueue<Integer>().take()); // LEAK child
  }

  private static void byLambda() {
    interruptibly(() -> new SynchronousQueue<Integer>().take()); // LEAK lambda
  }

  private static void byDroppedExecute() {
    interruptibly(() -> new SynchronousQueue<Integer>().take()); // LEAK droppedExecute
  }

  private static void byDroppedSubmit() {
    interruptibly(() -> new SynchronousQueue<Integer>().take()); // LEAK droppedSubmit
  }

  private static void byDroppedNamed() {
    interruptibly(() -> new SynchronousQueue<Integer>().take()); // LEAK droppedNamed
  }

  private static void byDroppedPool() {
    interruptibly(() -> new SynchronousQueue<Integer>().take()); // LEAK droppedPool
  }

  private static void byExecute() {
    interruptibly(() -> new SynchronousQueue<Integer>().take()); // LEAK execute
  }

  private static void bySubmit() {
    interruptibly(() -> new SynchronousQueue<Integer>().take()); // LEAK submit
  }

  private static void byNamed() {
    interruptibly(() -> new SynchronousQueue<Integer>().take()); // LEAK named
  }

  private static void byAsync() {
    interruptibly(() -> new SynchronousQueue<Integer>().take()); // LEAK async
  }

  private static void bySubmitLambda() {
    interruptibly(() -> new SynchronousQueue<Integer>().take()); // LEAK submitLambda
  }

  private static void byAsyncLambda() {
    interruptibly(() -> new SynchronousQueue<Integer>().take()); // LEAK asyncLambda
  }

  private static void byHelper() {
    interruptibly(() -> new SynchronousQueue<Integer>().take()); // LEAK helper
  }

  private static void byClosing() {
    interruptibly(() -> new SynchronousQueue<Integer>().take()); // LEAK closing
  }
}
