package com.acme;

import dev.selvage.Channel;
import dev.selvage.Context;
import dev.selvage.Go;
import dev.selvage.sync.ErrorGroup;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.FutureTask;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;

/** A program whose threads wait for others in vain. What they wait on they alone have. */
public final class Errand {
  private Errand() {}

  private static void go(String name, Bank.Step step) {
    Go.go(name, () -> Bank.quietly(step));
  }

  /** Asks for an answer, and gives up before it comes. */
  public static void ask(boolean wait) throws InterruptedException {
    Channel<Integer> answer = Channel.unbuffered();
    if (wait) {
      answer.receive(Duration.ofMillis(1));
    }
    go("answers", () -> answer(answer));
  }

  private static void answer(Channel<Integer> answer) throws InterruptedException {
    answer.send(1);
  }

  /** Takes from a channel to which a thread of a pool has sent. */
  public static void follow(ExecutorService pool) throws InterruptedException {
    Channel<Integer> news = Channel.buffered(1);
    pool.invokeAll(List.of(() -> news.trySend(1)));
    go("reads", () -> read(news));
  }

  private static void read(Channel<Integer> news) throws InterruptedException {
    while (news.receiveOrNull() != null) {
      // the next
    }
  }

  /** The same where who sends is stuck at something else. */
  public static void produce() {
    Channel<Integer> news = Channel.buffered(1);
    go("reads", () -> read(news));
    go(
        "produces",
        () -> {
          news.send(1);
          stay();
        });
  }

  private static void stay() throws InterruptedException {
    new SynchronousQueue<Integer>().put(1);
  }

  /** Waits for the end of a context that nobody can cancel. */
  public static void watch() {
    Context context = Context.background().withCancel().view();
    go("watches", () -> done(context));
  }

  private static void done(Context context) throws InterruptedException {
    context.done().receiveOrNull();
  }

  /** Waits for a lock, a task, the end of a thread, and a group. */
  public static void depend() throws InterruptedException {
    Lock lock = new ReentrantLock();
    FutureTask<Integer> task =
        new FutureTask<>(
            () -> {
              stay();
              return 1;
            });
    Thread holds =
        Thread.ofVirtual()
            .name("holds")
            .start(
                () ->
                    Bank.quietly(
                        () -> {
                          lock.lockInterruptibly();
                          stay();
                        }));
    Thread.ofVirtual().name("runs").start(task);
    ErrorGroup group = new ErrorGroup();
    for (int i = 0; i < 5; i++) {
      group.go(() -> Bank.quietly(Errand::stay));
    }
    go("locks", () -> lock(lock, holds));
    go("gets", () -> get(task));
    go("joins", () -> join(holds));
    go("gathers", () -> gather(group));
  }

  private static void lock(Lock lock, Thread holder) throws InterruptedException {
    while (holder.getState() != Thread.State.WAITING) {
      Thread.sleep(1);
    }
    lock.lockInterruptibly();
  }

  private static void get(FutureTask<Integer> task) throws InterruptedException {
    try {
      task.get();
    } catch (ExecutionException e) {
      // it was interrupted, too
    }
  }

  private static void join(Thread thread) throws InterruptedException {
    thread.join();
  }

  private static void gather(ErrorGroup group) throws InterruptedException {
    group.await();
  }
}
