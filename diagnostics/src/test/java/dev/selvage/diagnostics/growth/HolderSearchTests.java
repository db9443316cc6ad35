package dev.selvage.diagnostics.growth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.acme.shop.Server;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The search says by which fields a thread is held. */
class HolderSearchTests {
  private final CountDownLatch end = new CountDownLatch(1);

  @AfterEach
  void release() {
    end.countDown();
    Server.byDefault().close();
  }

  private Thread blocked() {
    return Thread.ofVirtual().start(this::awaitEnd);
  }

  private static Map<Thread, List<String>> find(List<Thread> threads, Class<?>... classes) {
    return HolderSearch.find(threads, classes::clone);
  }

  @Test
  void namesFieldsFromStaticField() {
    Thread held = blocked();
    Thread free = blocked();
    Server.byDefault().accept(held);
    assertEquals(
        Map.of(
            held,
            List.of(
                "com.acme.shop.Server.DEFAULT",
                "com.acme.shop.Server.connections",
                "com.acme.shop.Server$Connection.thread")),
        Map.copyOf(find(List.of(held, free), Server.class)));
  }

  @Test
  void namesFieldsFromTargetOfPlatformThread() throws Exception {
    Server local = new Server();
    Thread held = blocked();
    local.accept(held);
    Thread acceptor = Thread.ofPlatform().daemon().start(new Server.Acceptor(local, end));
    assertEquals(
        List.of(
            "com.acme.shop.Server$Acceptor.server",
            "com.acme.shop.Server.connections",
            "com.acme.shop.Server$Connection.thread"),
        find(List.of(held)).get(held));
    end.countDown();
    acceptor.join();
  }

  @Test
  void executorThatListsItsThreadsIsNoHolder() throws Exception {
    CompletableFuture<Thread> worker = new CompletableFuture<>();
    Server.Workers.EXECUTOR.execute(
        () -> {
          worker.complete(Thread.currentThread());
          awaitEnd();
        });
    assertEquals(Map.of(), find(List.of(worker.get()), Server.Workers.class));
  }

  private void awaitEnd() {
    try {
      end.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void holdsNothingAfterwards() throws Exception {
    Server.byDefault().accept(blocked());
    WeakReference<Thread> ended = findAndEnd();
    for (int i = 0; i < 50 && ended.get() != null; i++) {
      System.gc();
      Thread.sleep(20);
    }
    assertNull(ended.get());
  }

  private WeakReference<Thread> findAndEnd() throws InterruptedException {
    Thread held = blocked();
    Server.byDefault().accept(held);
    assertEquals(1, find(List.of(held), Server.class).size());
    Server.byDefault().close();
    held.join();
    return new WeakReference<>(held);
  }
}
