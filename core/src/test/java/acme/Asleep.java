package acme;

import static dev.selvage.Go.go;

import dev.selvage.Channel;
import dev.selvage.Go;
import dev.selvage.Select;
import dev.selvage.observe.Probe;
import dev.selvage.sync.Cond;
import dev.selvage.sync.ErrorGroup;
import dev.selvage.sync.Mutex;
import dev.selvage.sync.SingleFlight;
import dev.selvage.sync.WaitGroup;
import java.io.IOException;
import java.lang.ref.Cleaner;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Programs whose goroutines are all asleep, and programs that only look so: the argument says. */
final class Asleep {
  /** Long enough for several looks. */
  private static final long A_WHILE = 2_000;

  private static final Channel<String> CH = Channel.unbuffered();

  private Asleep() {}

  public static void main(String[] args) throws Throwable {
    switch (args[0]) {
      // --------------- Deadlocks ---------------
      case "main in WaitGroup" -> {
        WaitGroup wg = new WaitGroup();
        wg.add(1);
        Go.go("worker-1", () -> CH.send("nobody takes it"));
        wg.await();
      }
      case "main in ErrorGroup" -> {
        ErrorGroup group = new ErrorGroup();
        group.go(() -> CH.receive());
        group.await();
      }
      case "main in SingleFlight" -> {
        SingleFlight<String, String> flight = new SingleFlight<>();
        flight.run("key", () -> flight.run("key", () -> "never").value());
      }
      case "main in receive" -> CH.receive();
      case "main in send" -> CH.send("x");
      case "select without cases" -> Select.<Object, RuntimeException>select();
      case "never" -> Channel.never().receive();
      case "lock twice" -> {
        Mutex mutex = new Mutex();
        mutex.lock();
        mutex.lock();
      }
      case "two mutexes" -> {
        Mutex a = new Mutex();
        Mutex b = new Mutex();
        Channel<Boolean> locked = Channel.buffered(1);
        b.lock();
        go(
            () -> {
              a.lock();
              locked.send(true);
              b.lock();
            });
        locked.receive();
        a.lock();
      }
      case "signal before wait" -> {
        Mutex mutex = new Mutex();
        Cond cond = new Cond(mutex);
        cond.signal();
        mutex.lock();
        cond.await();
      }
      case "done forgotten after computing" -> {
        WaitGroup wg = new WaitGroup();
        wg.add(1);
        go(() -> spin(600));
        wg.await();
      }
      case "foreign thread ends" -> {
        Thread.ofPlatform().daemon().start(() -> nap(600));
        Thread.ofVirtual().start(() -> nap(600));
        CH.receive();
      }
      case "after a sleep" -> {
        go(() -> Go.sleep(Duration.ofMillis(500)));
        CH.receive();
      }
      case "after a limit that was not needed" -> {
        go(
            () -> {
              Go.sleep(Duration.ofMillis(50));
              CH.send("in time");
            });
        CH.receive(Duration.ofHours(1));
        CH.receive();
      }
      case "many goroutines" -> {
        for (int i = 0; i < 10_000; i++) {
          Go.go(() -> CH.receive());
        }
        CH.receive();
      }
      case "vouched thread" -> {
        Thread idle = Thread.ofPlatform().daemon().unstarted(() -> nap(60_000));
        Probe.vouchFor(idle);
        idle.start();
        CH.receive();
      }
      case "handler" -> {
        AtomicInteger told = new AtomicInteger();
        Go.onDeadlock(
            report -> {
              told.incrementAndGet();
              if (report.contains("chan receive")) {
                Thread.ofVirtual().start(() -> trySend("woken"));
              }
            });
        System.out.println(CH.receive());
        System.out.println(CH.receive());
        nap(500);
        System.out.println("told " + told.get());
      }

      // --------------- None ---------------
      case "timed wait" -> CH.receive(Duration.ofMillis(A_WHILE));
      case "sleeping goroutine" ->
          later(
              () ->
                  go(
                      () -> {
                        Go.sleep(Duration.ofMillis(A_WHILE));
                        CH.send("x");
                      }));
      case "timer of Selvage" ->
          later(
              () ->
                  dev.selvage.time.Timer.afterFunc(Duration.ofMillis(A_WHILE), () -> CH.send("x")));
      case "timer of the JDK" ->
          later(
              () ->
                  new Timer(true)
                      .schedule(
                          new TimerTask() {
                            @Override
                            public void run() {
                              trySend("x");
                            }
                          },
                          A_WHILE));
      case "scheduled executor" ->
          later(
              () -> {
                var unused =
                    Executors.newScheduledThreadPool(1, Thread.ofPlatform().daemon().factory())
                        .schedule(() -> trySend("x"), A_WHILE, TimeUnit.MILLISECONDS);
              });
      case "delayed future" ->
          later(
              () ->
                  CompletableFuture.delayedExecutor(A_WHILE, TimeUnit.MILLISECONDS)
                      .execute(() -> trySend("x")));
      case "common pool" ->
          later(
              () ->
                  ForkJoinPool.commonPool()
                      .execute(
                          () -> {
                            spin(A_WHILE);
                            trySend("x");
                          }));
      case "virtual thread in Thread.sleep" ->
          later(
              () ->
                  Thread.ofVirtual()
                      .start(
                          () -> {
                            nap(A_WHILE);
                            trySend("x");
                          }));
      case "virtual thread in Object.wait" -> later(() -> Thread.ofVirtual().start(Asleep::waits));
      case "virtual threads that park in turns" -> later(Asleep::parkInTurns);
      case "computing goroutine" ->
          later(
              () ->
                  go(
                      () -> {
                        spin(A_WHILE);
                        CH.send("x");
                      }));
      case "computing daemon" ->
          later(
              () ->
                  Thread.ofPlatform()
                      .daemon()
                      .start(
                          () -> {
                            spin(A_WHILE);
                            trySend("x");
                          }));
      case "thread called selvage" ->
          later(
              () ->
                  Thread.ofPlatform()
                      .daemon()
                      .name("selvage-prover")
                      .start(
                          () -> {
                            nap(A_WHILE);
                            trySend("x");
                          }));
      case "process" ->
          later(
              () -> {
                var unused =
                    new ProcessBuilder("sleep", "2").start().onExit().thenRun(() -> trySend("x"));
              });
      case "standard input, platform" ->
          later(() -> Thread.ofPlatform().daemon().start(Asleep::in));
      case "standard input, virtual" -> later(() -> Thread.ofVirtual().start(Asleep::in));
      case "socket" -> later(() -> Thread.ofVirtual().start(Asleep::accept));
      case "shutdown hook" -> {
        Runtime.getRuntime().addShutdownHook(new Thread(CH::close));
        CH.receiveOrNull();
      }
      case "signals" -> {
        Class.forName("sun.misc.Signal"); // what a program does first that handles signals
        CH.receiveOrNull();
      }
      case "cleaner" -> {
        Cleaner.create();
        CH.receiveOrNull();
      }
      case "churn of virtual threads" -> later(() -> churn(Thread.ofVirtual(), end()));
      case "churn of platform threads" -> later(() -> churn(Thread.ofPlatform().daemon(), end()));
      case "about to start" -> {
        for (long end = end(); System.nanoTime() < end; ) {
          WaitGroup wg = new WaitGroup();
          for (int i = 0; i < 20; i++) {
            wg.go(() -> {});
          }
          wg.await();
        }
      }
      case "ping-pong" -> {
        Channel<Integer> ping = Channel.unbuffered();
        Channel<Integer> pong = Channel.unbuffered();
        go(
            () -> {
              for (int i : ping) {
                pong.send(i);
              }
            });
        for (long end = end(); System.nanoTime() < end; ) {
          ping.send(1);
          pong.receive();
        }
      }
      case "main has ended" -> go(CH::receive);
      case "exit" -> {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> nap(A_WHILE)));
        go(
            () -> {
              Go.sleep(Duration.ofMillis(100));
              System.exit(3);
            });
        CH.receive();
      }
      case "off" -> CH.receive();
      default -> throw new IllegalArgumentException(args[0]);
    }
  }

  private static void later(Go.Action wakes) throws Throwable {
    wakes.run();
    System.out.println(CH.receive());
  }

  private static long end() {
    return System.nanoTime() + A_WHILE * 1_000_000;
  }

  private static void churn(Thread.Builder builder, long end) {
    builder.start(
        () -> {
          if (System.nanoTime() < end) {
            churn(builder, end);
          } else {
            trySend("x");
          }
        });
  }

  /** Two that are never both awake for long, and never start anything. */
  private static void parkInTurns() {
    Thread[] threads = new Thread[2];
    CountDownLatch made = new CountDownLatch(1);
    long end = end();
    for (int i = 0; i < 2; i++) {
      int other = 1 - i;
      threads[i] =
          Thread.ofVirtual()
              .unstarted(
                  () -> {
                    try {
                      made.await();
                    } catch (InterruptedException e) {
                      throw new AssertionError(e);
                    }
                    while (System.nanoTime() < end) {
                      java.util.concurrent.locks.LockSupport.unpark(threads[other]);
                      java.util.concurrent.locks.LockSupport.park(Asleep.class);
                    }
                    java.util.concurrent.locks.LockSupport.unpark(threads[other]);
                    if (other == 1) {
                      trySend("x");
                    }
                  });
    }
    for (Thread thread : threads) {
      thread.start();
    }
    made.countDown();
  }

  private static void waits() {
    Object lock = new Object();
    synchronized (lock) {
      try {
        for (long end = end(); System.nanoTime() < end; ) {
          lock.wait(A_WHILE);
        }
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
    trySend("x");
  }

  private static void in() {
    try {
      trySend("read " + System.in.read());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void accept() {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      System.out.println("port " + server.getLocalPort());
      server.accept().close();
      trySend("accepted");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void trySend(String value) {
    try {
      CH.send(value);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void spin(long millis) {
    long end = System.nanoTime() + millis * 1_000_000;
    while (System.nanoTime() < end) {
      Thread.onSpinWait();
    }
  }

  private static void nap(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
