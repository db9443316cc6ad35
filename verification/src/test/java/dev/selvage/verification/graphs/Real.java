package dev.selvage.verification.graphs;

import dev.selvage.Channel;
import dev.selvage.sync.Mutex;
import dev.selvage.sync.WaitGroup;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingDeque;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** A thing of a graph that runs: what it is waited on by, or the thread of a member. */
final class Real {
  /** The value that is none. */
  static final Real NOTHING = new Real(Graph.NONE, null);

  final int number;

  /** Null until the thread has been made. Written before anybody can read it. */
  @Nullable Object it;

  private Real(int number, @Nullable Object it) {
    this.number = number;
    this.it = it;
  }

  static Real of(int number, Graph.Thing thing) {
    int size = thing.size();
    return new Real(
        number,
        switch (thing.kind()) {
          case CHANNEL -> size == 0 ? Channel.<Real>unbuffered() : Channel.<Real>buffered(size);
          case SYNCHRONOUS -> new SynchronousQueue<Real>();
          case FAIR -> new SynchronousQueue<Real>(true);
          case TRANSFER -> new LinkedTransferQueue<Real>();
          case ARRAY -> new ArrayBlockingQueue<Real>(size);
          case LINKED -> new LinkedBlockingQueue<Real>(size);
          case DEQUE -> new LinkedBlockingDeque<Real>(size);
          case LATCH -> new CountDownLatch(size);
          case FUTURE -> new CompletableFuture<Boolean>();
          case WAIT_GROUP -> {
            var group = new WaitGroup();
            group.add(size);
            yield group;
          }
          case SEMAPHORE -> new Semaphore(size);
          case WEIGHTED -> new dev.selvage.sync.Semaphore(size);
          case MUTEX -> new Mutex();
          case REENTRANT -> new ReentrantLock();
        });
  }

  /** The thread of a member, which is given later. */
  static Real thread(int number) {
    return new Real(number, null);
  }
}
