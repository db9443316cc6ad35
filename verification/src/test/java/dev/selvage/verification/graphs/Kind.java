package dev.selvage.verification.graphs;

/** What threads wait on. */
enum Kind {
  /** Our channel; its size is its capacity, 0 for none. */
  CHANNEL("chan", Family.CHANNEL),
  /** {@code SynchronousQueue}. */
  SYNCHRONOUS("SynchronousQueue", Family.QUEUE),
  /** The same, fair. */
  FAIR("fair SynchronousQueue", Family.QUEUE),
  /** {@code LinkedTransferQueue}, into which values are transferred. */
  TRANSFER("LinkedTransferQueue", Family.QUEUE),
  /** {@code ArrayBlockingQueue}; its size is its capacity. */
  ARRAY("ArrayBlockingQueue", Family.QUEUE),
  /** {@code LinkedBlockingQueue}; its size is its capacity. */
  LINKED("LinkedBlockingQueue", Family.QUEUE),
  /** {@code LinkedBlockingDeque}; its size is its capacity. */
  DEQUE("LinkedBlockingDeque", Family.QUEUE),
  /** {@code CountDownLatch}; its size is its count. */
  LATCH("CountDownLatch", Family.GATE),
  /** {@code CompletableFuture}; its size is 1. */
  FUTURE("CompletableFuture", Family.GATE),
  /** Our wait group; its size is its count. */
  WAIT_GROUP("WaitGroup", Family.GATE),
  /** {@code java.util.concurrent.Semaphore}; its size is how many permits there are at first. */
  SEMAPHORE("Semaphore", Family.PERMITS),
  /** Our semaphore; its size is how many permits there are at most, and at first. */
  WEIGHTED("weighted Semaphore", Family.PERMITS),
  /** Our mutex, which does not know who has it. */
  MUTEX("Mutex", Family.LOCK),
  /** {@code ReentrantLock}, which refers to the thread that has it. */
  REENTRANT("ReentrantLock", Family.LOCK);

  /** Things with the same operations. */
  enum Family {
    /** Sends, receives, select, close. */
    CHANNEL,
    /** Sends and receives. */
    QUEUE,
    /** Await until the count is zero; count down. */
    GATE,
    /** Acquire and release. */
    PERMITS,
    /** Lock and unlock. */
    LOCK
  }

  final String text;
  final Family family;

  Kind(String text, Family family) {
    this.text = text;
    this.family = family;
  }

  /** Whether values are handed over from thread to thread, without room for any. */
  boolean handsOver(int size) {
    return this == SYNCHRONOUS
        || this == FAIR
        || this == TRANSFER
        || (this == CHANNEL && size == 0);
  }
}
