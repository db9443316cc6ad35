package dev.selvage.verification;

import dev.selvage.Go;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedThread;
import jdk.jfr.consumer.RecordingStream;

/**
 * Goroutines and other virtual threads while JFR records: says which events it got of them. One of
 * them is pinned while it waits; one computes until JFR has seen it do so.
 */
final class RecordedProgram {
  static final int GOROUTINES = 100;
  static final int OTHERS = 100;

  private static final Set<Long> IDS = ConcurrentHashMap.newKeySet();
  private static final CountDownLatch COMPUTED = new CountDownLatch(1);
  private static final AtomicBoolean STOP = new AtomicBoolean();

  @SuppressWarnings("unused") // so that what computes is not thrown out
  private static volatile long sink;

  private RecordedProgram() {}

  /** A virtual thread that runs this cannot leave its carrier. */
  private static final class Initialised {
    static {
      LockSupport.parkNanos(Duration.ofMillis(30).toNanos());
    }

    static void initialise() {}
  }

  public static void main(String[] args) throws Exception {
    Set<Long> started = ConcurrentHashMap.newKeySet();
    Set<Long> ended = ConcurrentHashMap.newKeySet();
    Set<String> pinned = ConcurrentHashMap.newKeySet();
    Set<String> sampled = ConcurrentHashMap.newKeySet();
    try (var events = new RecordingStream()) {
      events.enable("jdk.VirtualThreadStart");
      events.enable("jdk.VirtualThreadEnd");
      events.enable("jdk.VirtualThreadPinned").withThreshold(Duration.ZERO).withStackTrace();
      events.enable("jdk.ExecutionSample").withPeriod(Duration.ofMillis(10)).withStackTrace();
      events.onEvent("jdk.VirtualThreadStart", event -> started.add(id(event)));
      events.onEvent("jdk.VirtualThreadEnd", event -> ended.add(id(event)));
      events.onEvent(
          "jdk.VirtualThreadPinned",
          event -> {
            if (isIn(event, "<clinit>")) {
              pinned.add(event.getThread().getJavaName());
            }
          });
      events.onEvent(
          "jdk.ExecutionSample",
          event -> {
            RecordedThread thread = event.getThread("sampledThread");
            if (thread != null && thread.isVirtual() && isIn(event, "compute")) {
              sampled.add(thread.getJavaName());
              COMPUTED.countDown();
            }
          });
      events.startAsync();
      run();
      events.stop(); // with all that there is to tell
    }
    int all = IDS.size();
    started.retainAll(IDS);
    ended.retainAll(IDS);
    Child.say(
        "recorded "
            + (started.size() == all && ended.size() == all ? "all" : started + " " + ended)
            + " of "
            + all
            + ", pinned "
            + new TreeSet<>(pinned)
            + ", sampled "
            + new TreeSet<>(sampled)
            + ", carriers "
            + carrier());
    Child.serve(_ -> {});
  }

  private static long id(RecordedEvent event) {
    return event.getLong("javaThreadId");
  }

  private static boolean isIn(RecordedEvent event, String method) {
    return event.getStackTrace() != null
        && event.getStackTrace().getFrames().stream()
            .anyMatch(
                frame ->
                    frame.getMethod().getName().equals(method)
                        && frame.getMethod().getType().getName().contains("RecordedProgram"));
  }

  private static void note() {
    IDS.add(Thread.currentThread().threadId());
  }

  private static String carrier() throws InterruptedException {
    var text = new String[1];
    Thread.ofVirtual().start(() -> text[0] = Thread.currentThread().toString()).join();
    return text[0].contains("@selvage-m-") ? "ours" : "the JDK's";
  }

  @SuppressWarnings("ThreadPriorityCheck") // giving way is one of the things that they do
  private static void run() throws InterruptedException {
    var end = new CountDownLatch(GOROUTINES + 2);
    for (int i = 0; i < GOROUTINES; i++) {
      Go.go(
          () -> {
            note();
            Thread.yield();
            Thread.sleep(1);
            end.countDown();
          });
    }
    Go.go(
        "pinned",
        () -> {
          note();
          Initialised.initialise();
          end.countDown();
        });
    Go.go(
        "computing",
        () -> {
          note();
          compute();
          end.countDown();
        });
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < OTHERS; i++) {
        executor.execute(
            () -> {
              note();
              Thread.yield();
            });
      }
    }
    COMPUTED.await();
    STOP.set(true);
    end.await();
    Thread.sleep(50); // the end is told a moment after
  }

  private static void compute() {
    for (long n = 0; !STOP.get(); n++) {
      sink = n;
    }
  }
}
