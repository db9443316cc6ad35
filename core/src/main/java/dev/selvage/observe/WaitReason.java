package dev.selvage.observe;

/**
 * Why a goroutine, or any virtual thread, does not run. The {@linkplain #text() text} is what a
 * reader sees everywhere: in a stack dump, as the label of a profile, as the tag of a metric and in
 * the expectation of a test.
 *
 * <p>Go's words are used where Go has one (source: {@code waitReasonStrings} in Go's {@code
 * runtime2.go}); waits of the JDK are named after the method that a reader would search for.
 *
 * <p>Constants are added, never renamed or re-used: their texts are stored in reports and in
 * fingerprints.
 */
public enum WaitReason {
  /** Blocked sending on a channel. */
  CHAN_SEND("chan send"),
  /** Blocked receiving from a channel. */
  CHAN_RECEIVE("chan receive"),
  /** Sending on a channel that is never ready (Go's nil channel). */
  CHAN_SEND_NIL("chan send (nil chan)"),
  /** Receiving from a channel that is never ready (Go's nil channel). */
  CHAN_RECEIVE_NIL("chan receive (nil chan)"),
  /** Blocked in a select with at least one case. */
  SELECT("select"),
  /** Blocked in a select that has no case: for ever, by definition. */
  SELECT_NO_CASES("select (no cases)"),
  /** Waiting for a {@code Mutex}. */
  MUTEX_LOCK("sync.Mutex.Lock"),
  /** Waiting for the read side of an {@code RWMutex}. */
  RWMUTEX_RLOCK("sync.RWMutex.RLock"),
  /** Waiting for the write side of an {@code RWMutex}. */
  RWMUTEX_LOCK("sync.RWMutex.Lock"),
  /** Waiting for the counter of a {@code WaitGroup} to reach zero. */
  WAIT_GROUP_WAIT("sync.WaitGroup.Wait"),
  /** Waiting for the goroutines of an {@code ErrorGroup} to end. */
  ERROR_GROUP_WAIT("errgroup.Group.Wait"),
  /** Waiting for the call of another that {@code SingleFlight} shares. */
  SINGLE_FLIGHT_DO("singleflight.Group.Do"),
  /** Waiting for a signal of a {@code Cond}. */
  COND_WAIT("sync.Cond.Wait"),
  /** Waiting for permits of our {@code Semaphore}. */
  SEMACQUIRE("semacquire"),
  /** Sleeping for a stated time. */
  SLEEP("sleep"),
  /** Waiting for the children of our {@code Scope}, to join or to close it. */
  SCOPE("scope join"),

  /** Taking from a {@code java.util.concurrent} queue. */
  QUEUE_TAKE("BlockingQueue.take"),
  /** Putting into a {@code java.util.concurrent} queue. */
  QUEUE_PUT("BlockingQueue.put"),
  /** Waiting for a {@code CountDownLatch}. */
  LATCH("CountDownLatch.await"),
  /** Waiting for a {@code CyclicBarrier}. */
  BARRIER("CyclicBarrier.await"),
  /** Waiting for a {@code Future} of any kind. */
  FUTURE("Future.get"),
  /** Waiting for a {@code Condition}. */
  CONDITION("Condition.await"),
  /** Waiting for a {@code java.util.concurrent.Semaphore}. */
  SEMAPHORE("Semaphore.acquire"),
  /** Waiting for a thread to end. */
  JOIN("Thread.join"),
  /** Waiting for a {@code Phaser}. */
  PHASER("Phaser.awaitAdvance"),
  /** Waiting for the other side of an {@code Exchanger}. */
  EXCHANGER("Exchanger.exchange"),
  /** Waiting for a {@code java.util.concurrent.locks} lock. */
  LOCK("Lock.lock"),
  /** Waiting for the children of a {@code StructuredTaskScope}. */
  SCOPE_JOIN("StructuredTaskScope.join"),
  /** Waiting for the collector to hand over a reference. */
  REFERENCE_QUEUE("ReferenceQueue.remove"),
  /** Parked by code that names no reason. */
  PARK("park"),
  /** Waiting to enter a monitor ({@code synchronized}). */
  MONITOR_ENTER("monitor enter"),
  /** In {@code Object.wait} without a time limit. */
  OBJECT_WAIT("Object.wait"),
  /** In any wait with a time limit: a timer will end it. */
  TIMED("timed wait"),
  /** Waiting for a socket, pipe or selector. */
  IO("IO wait"),

  /** Not waiting: queued to run, or running. */
  NONE("runnable");

  private final String text;

  WaitReason(String text) {
    this.text = text;
  }

  /** The words for it, as in a stack dump between the brackets. Never empty. */
  public String text() {
    return text;
  }

  /** The {@link #text()}. */
  @Override
  public String toString() {
    return text;
  }
}
