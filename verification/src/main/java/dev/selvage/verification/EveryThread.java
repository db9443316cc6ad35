package dev.selvage.verification;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.RandomAccessFile;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinWorkerThread;
import java.util.concurrent.Future;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A program of plain JDK parts that uses virtual threads in the ways there are. {@code what} does
 * them all and answers with what came out, which no scheduler may change; {@code carriers} answers
 * which kinds of platform threads the virtual ones ran on; {@code hogs} whether a thread gets to
 * run beside as many that compute as there are processors; {@code own} what a thread runs on that
 * is given a scheduler; {@code work} whether queues are told of threads that wait for their
 * carrier; {@code pool} whether the JDK's scheduler has had anything to do; {@code pollers} what
 * kind of threads wait for sockets; {@code await PREFIX} waits until new threads run on carriers of
 * that name; {@code named NAME} starts a thread of that name, which gives way and sleeps for ever;
 * {@code quiet NAME} one that only waits, {@code pooled NAME} the same in an executor.
 */
@SuppressWarnings("ThreadPriorityCheck") // giving way is one of those ways
final class EveryThread {
  private static final int MANY = 200;
  private static final Set<String> CARRIERS = new TreeSet<>(); // guarded by itself
  private static final Object NEVER = new Object();
  private static final List<Object> KEPT = new ArrayList<>();
  private static final ThreadLocal<String> LOCAL = new ThreadLocal<>();
  private static final InheritableThreadLocal<String> INHERITED = new InheritableThreadLocal<>();
  private static final ScopedValue<String> SCOPED = ScopedValue.newInstance();

  @SuppressWarnings("unused") // so that what computes is not thrown out
  private static volatile long sink;

  private EveryThread() {}

  public static void main(String[] args) throws Exception {
    Child.serve(
        command -> {
          switch (command.split(" ", 2)[0]) {
            case "what" -> Child.say("what " + what());
            case "carriers" -> Child.say("carriers " + carriers());
            case "hogs" -> Child.say("hogs " + hogs());
            case "own" -> Child.say("own " + own());
            case "work" -> Child.say("work " + work());
            case "pool" ->
                Child.say("pool " + (isThread("ForkJoinPool-1-worker-") ? "works" : "is idle"));
            case "pollers" ->
                Child.say("pollers " + (isThread("Read-Poller") ? "platform" : "virtual"));
            case "await" -> {
              awaitCarrier(command.split(" ", 2)[1]);
              Child.say("awaited");
            }
            case "named" -> {
              startNamed(command.split(" ", 2)[1]);
              Child.say("started");
            }
            case "quiet" ->
                waits(Thread.ofVirtual().name(command.split(" ", 2)[1]).start(() -> waitForEver()));
            case "pooled" -> {
              var threads = Thread.ofVirtual().name(command.split(" ", 2)[1]).factory();
              var executor = Executors.newThreadPerTaskExecutor(threads);
              KEPT.add(executor);
              var thread = new CompletableFuture<Thread>();
              executor.execute(
                  () -> {
                    thread.complete(Thread.currentThread());
                    waitForEver();
                  });
              waits(thread.get());
            }
            default -> throw new IllegalArgumentException(command);
          }
        });
    System.exit(0); // whatever still computes
  }

  private static List<String> what() throws Exception {
    return List.of(
        "executor " + executor(),
        "children " + children(),
        "locals " + locals(),
        "monitors " + monitors(),
        "waits " + waits(),
        "locks " + locks(),
        "sleeps " + sleeps(),
        "interrupts " + interrupts(),
        "exchange " + exchange(),
        "futures " + futures(),
        "sockets " + sockets(),
        "files " + files(),
        "selectors " + selectors(),
        "processes " + processes(),
        "exceptions " + exceptions());
  }

  /** Notes on which kind of carrier the current thread runs. */
  private static void note() {
    synchronized (CARRIERS) {
      CARRIERS.add(carrier());
    }
  }

  private static String carrier() {
    String text = Thread.currentThread().toString();
    return text.substring(text.indexOf('@') + 1).replaceAll("[0-9]+", "N");
  }

  private static String carriers() {
    synchronized (CARRIERS) {
      return CARRIERS.toString();
    }
  }

  private static void startNamed(String name) {
    Thread.ofVirtual()
        .name(name)
        .start(
            () -> {
              try {
                while (true) {
                  Thread.yield();
                  Thread.sleep(1);
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
  }

  /** Says so when a thread waits. */
  private static void waits(Thread thread) throws InterruptedException {
    while (thread.getState() != Thread.State.WAITING) {
      Thread.sleep(1);
    }
    Child.say("waits");
  }

  private static void waitForEver() {
    while (true) {
      LockSupport.park(NEVER);
    }
  }

  private static void awaitCarrier(String prefix) throws InterruptedException {
    for (boolean[] found = {false}; !found[0]; ) {
      Thread.ofVirtual()
          .start(() -> found[0] = Thread.currentThread().toString().contains("@" + prefix))
          .join();
      Thread.sleep(20);
    }
  }

  /** A thread with a scheduler of the program's own, and its child; needs java.lang opened. */
  private static Set<String> own() throws Exception {
    Set<String> carriers = new TreeSet<>();
    try (var pool = Executors.newSingleThreadExecutor(Thread.ofPlatform().name("own").factory())) {
      Constructor<?> constructor =
          Class.forName("java.lang.ThreadBuilders$VirtualThreadBuilder")
              .getDeclaredConstructor(Executor.class);
      constructor.setAccessible(true);
      var builder = (Thread.Builder.OfVirtual) constructor.newInstance(pool);
      Thread parent =
          builder.start(
              () -> {
                carriers.add(carrier());
                join(Thread.startVirtualThread(() -> carriers.add(carrier())));
                carriers.add(carrier());
              });
      parent.join();
    }
    return carriers;
  }

  /** Whether there is a platform thread whose name starts so. */
  private static boolean isThread(String name) {
    return Thread.getAllStackTraces().keySet().stream().anyMatch(t -> t.getName().startsWith(name));
  }

  /**
   * Whether a queue of the JDK that asks if its partner may be waiting for this very carrier is
   * told so; needs java.util.concurrent opened. Another carrier may be quicker, so it is tried
   * often.
   */
  private static String work() throws Exception {
    Method known = ForkJoinWorkerThread.class.getDeclaredMethod("hasKnownQueuedWork");
    known.setAccessible(true);
    var said = new CompletableFuture<String>();
    Thread.startVirtualThread(
        () -> {
          try {
            for (int i = 0; i < 10_000; i++) {
              Thread other = Thread.startVirtualThread(() -> {});
              Object with = known.invoke(null);
              join(other);
              Object without = known.invoke(null);
              if (with.equals(true) && without.equals(false)) {
                said.complete("is seen");
              }
            }
            said.complete("is not seen");
          } catch (ReflectiveOperationException e) {
            said.completeExceptionally(e);
          }
        });
    return said.get();
  }

  /** Runs it many times at once and adds up what it gives. */
  private static long many(Callable<Integer> task) throws Exception {
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      var futures = new ArrayList<Future<Integer>>();
      for (int i = 0; i < MANY; i++) {
        futures.add(
            executor.submit(
                () -> {
                  note();
                  Integer value = task.call();
                  note();
                  return value;
                }));
      }
      long sum = 0;
      for (var future : futures) {
        sum += future.get();
      }
      return sum;
    }
  }

  private static long executor() throws Exception {
    return many(() -> 1);
  }

  private static int children() throws Exception {
    var ended = new AtomicInteger();
    Thread.ofVirtual().start(() -> family(6, ended)).join();
    var factory = Thread.ofVirtual().name("made-", 0).factory();
    Thread one = factory.newThread(EveryThread::note);
    one.start();
    one.join();
    return ended.get();
  }

  private static void family(int generations, AtomicInteger ended) {
    note();
    if (generations > 0) {
      Thread left = Thread.startVirtualThread(() -> family(generations - 1, ended));
      Thread right = Thread.ofVirtual().unstarted(() -> family(generations - 1, ended));
      right.start();
      join(left);
      join(right);
    }
    ended.incrementAndGet();
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String locals() throws Exception {
    INHERITED.set("from above");
    try {
      return ScopedValue.where(SCOPED, "bound")
          .call(
              () ->
                  many(
                          () -> {
                            String mine = Thread.currentThread().threadId() + "";
                            LOCAL.set(mine);
                            Thread.yield();
                            Thread.sleep(1);
                            boolean right = mine.equals(LOCAL.get()) && !SCOPED.isBound();
                            return right && "from above".equals(INHERITED.get()) ? 1 : 0;
                          })
                      + " and "
                      + SCOPED.get());
    } finally {
      INHERITED.remove();
    }
  }

  private static String monitors() throws Exception {
    var lock = new Object();
    int[] count = {0};
    long sum =
        many(
            () -> {
              for (int i = 0; i < 20; i++) {
                synchronized (lock) {
                  count[0]++;
                  if (i % 10 == 0) {
                    Thread.sleep(0, 1000); // while it holds the monitor
                  }
                }
              }
              return 1;
            });
    return sum + " " + count[0];
  }

  @SuppressWarnings("WaitNotInLoop") // the last one waits for its time only
  private static long waits() throws Exception {
    var lock = new Object();
    int[] turn = {0};
    var number = new AtomicInteger();
    return many(
        () -> {
          int mine = number.getAndIncrement();
          synchronized (lock) {
            while (turn[0] != mine) {
              lock.wait();
            }
            turn[0]++;
            lock.notifyAll();
            lock.wait(0, 1); // with a limit, too
          }
          return mine;
        });
  }

  private static String locks() throws Exception {
    var lock = new ReentrantLock();
    var barrier = new CyclicBarrier(MANY);
    int[] count = {0};
    long sum =
        many(
            () -> {
              barrier.await();
              lock.lock();
              try {
                count[0]++;
                Thread.yield();
              } finally {
                lock.unlock();
              }
              return 1;
            });
    return sum + " " + count[0];
  }

  private static long sleeps() throws Exception {
    return many(
        () -> {
          long begun = System.nanoTime();
          Thread.sleep(20);
          LockSupport.parkNanos(1_000_000);
          return System.nanoTime() - begun >= 20_000_000 ? 1 : 0;
        });
  }

  private static String interrupts() throws Exception {
    var in = new CountDownLatch(3);
    var seen = new AtomicInteger();
    List<Thread> threads =
        List.of(
            Thread.startVirtualThread(() -> interrupted(in, seen, () -> Thread.sleep(600_000))),
            Thread.startVirtualThread(
                () -> interrupted(in, seen, () -> new SynchronousQueue<Integer>().take())),
            Thread.startVirtualThread(
                () ->
                    interrupted(
                        in,
                        seen,
                        () -> {
                          var lock = new Object();
                          synchronized (lock) {
                            while (true) {
                              lock.wait();
                            }
                          }
                        })));
    in.await();
    threads.forEach(Thread::interrupt);
    threads.forEach(EveryThread::join);
    return seen + " " + threads.stream().map(Thread::getState).distinct().toList();
  }

  private static void interrupted(CountDownLatch in, AtomicInteger seen, Child.Action action) {
    in.countDown();
    try {
      action.run();
    } catch (InterruptedException e) {
      seen.incrementAndGet();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static long exchange() throws Exception {
    var there = new SynchronousQueue<Integer>();
    var back = new SynchronousQueue<Integer>();
    Thread echo =
        Thread.startVirtualThread(
            () -> {
              try {
                for (int i = 0; i < 10_000; i++) {
                  back.put(there.take() + 1);
                }
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    long sum = 0;
    for (int i = 0; i < 10_000; i++) {
      there.put(i);
      sum += back.take();
    }
    echo.join();
    return sum;
  }

  private static int futures() {
    var future = CompletableFuture.completedFuture(1);
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 100; i++) {
        future = future.thenApplyAsync(n -> n + 1, executor);
      }
      return future.orTimeout(1, TimeUnit.MINUTES).join();
    }
  }

  private static long sockets() throws Exception {
    try (var server = new ServerSocket(0, MANY, InetAddress.getLoopbackAddress())) {
      Thread acceptor =
          Thread.startVirtualThread(
              () -> {
                note();
                try {
                  for (int i = 0; i < MANY; i++) {
                    Socket socket = server.accept();
                    Thread.startVirtualThread(() -> echo(socket));
                  }
                } catch (IOException e) {
                  throw new IllegalStateException(e);
                }
              });
      var number = new AtomicInteger();
      long sum =
          many(
              () -> {
                int sent = 0;
                try (var socket = new Socket(server.getInetAddress(), server.getLocalPort())) {
                  var in =
                      new BufferedReader(
                          new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
                  for (int i = 0; i < 10; i++) {
                    sent = number.incrementAndGet();
                    socket.getOutputStream().write((sent + "\n").getBytes(StandardCharsets.UTF_8));
                    if (!in.readLine().equals("echo " + sent)) {
                      return Integer.MIN_VALUE;
                    }
                  }
                }
                return 1;
              });
      acceptor.join();
      return sum + number.get();
    }
  }

  private static void echo(Socket socket) {
    note();
    try (socket) {
      var in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
      for (String line; (line = in.readLine()) != null; ) {
        socket.getOutputStream().write(("echo " + line + "\n").getBytes(StandardCharsets.UTF_8));
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    note();
  }

  private static long files() throws Exception {
    Path directory = Files.createTempDirectory("every-thread");
    var number = new AtomicInteger();
    long sum =
        many(
            () -> {
              Path file = directory.resolve("f" + number.getAndIncrement());
              Files.writeString(file, "x".repeat(5_000));
              try (var random = new RandomAccessFile(file.toFile(), "rw")) {
                random.seek(4_000);
                random.write(1);
                random.getFD().sync();
              }
              int size = Files.readAllBytes(file).length;
              Files.delete(file);
              return size;
            });
    Files.delete(directory);
    return sum;
  }

  private static int selectors() throws Exception {
    Pipe pipe = Pipe.open();
    var read = new AtomicInteger();
    Thread reader =
        Thread.startVirtualThread(
            () -> {
              note();
              try (var selector = Selector.open()) {
                pipe.source().configureBlocking(false);
                pipe.source().register(selector, SelectionKey.OP_READ);
                while (read.get() < 100) {
                  selector.select();
                  selector.selectedKeys().clear();
                  var buffer = ByteBuffer.allocate(100);
                  read.addAndGet(Math.max(0, pipe.source().read(buffer)));
                }
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });
    for (int i = 0; i < 100; i++) {
      pipe.sink().write(ByteBuffer.wrap(new byte[1]));
    }
    reader.join();
    pipe.sink().close();
    pipe.source().close();
    return read.get();
  }

  private static String processes() throws Exception {
    var said = new CompletableFuture<String>();
    Thread.startVirtualThread(
        () -> {
          try {
            Process process = new ProcessBuilder("echo", "from outside").start();
            String text =
                new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            said.complete(text.strip() + " " + process.waitFor());
          } catch (IOException | InterruptedException e) {
            said.completeExceptionally(e);
          }
        });
    return said.get(1, TimeUnit.MINUTES);
  }

  private static String exceptions() throws Exception {
    var caught = new CompletableFuture<String>();
    Thread.ofVirtual()
        .uncaughtExceptionHandler((_, e) -> caught.complete(e.getMessage()))
        .start(
            () -> {
              throw new IllegalStateException("thrown");
            });
    return caught.get(1, TimeUnit.MINUTES);
  }

  /** Never comes back where those that compute have every carrier for themselves. */
  private static String hogs() throws InterruptedException {
    int processors = Runtime.getRuntime().availableProcessors();
    var begun = new CountDownLatch(processors);
    for (int i = 0; i < processors; i++) {
      Thread.startVirtualThread(
          () -> {
            begun.countDown();
            for (long n = 0; ; n++) {
              sink = n;
            }
          });
    }
    begun.await();
    var rounds = new CountDownLatch(20);
    Thread.startVirtualThread(
        () -> {
          try {
            while (rounds.getCount() > 0) {
              Thread.sleep(1);
              rounds.countDown();
            }
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        });
    return rounds.await(1, TimeUnit.MINUTES) ? "run on" : "starve the others";
  }
}
