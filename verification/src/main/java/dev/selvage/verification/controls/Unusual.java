package dev.selvage.verification.controls;

import static dev.selvage.verification.controls.Waiters.go;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.management.ManagementFactory;
import java.lang.ref.PhantomReference;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.SubmissionPublisher;
import java.util.concurrent.locks.AbstractQueuedSynchronizer;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import javax.management.ObjectName;
import javax.management.StandardMBean;
import org.jspecify.annotations.Nullable;

/**
 * Threads that are woken by ways one does not think of first: by native code, by another process,
 * by what the JVM keeps for itself, by an owner that a lock is asked for. Nothing but that way
 * leads to what they wait on.
 */
@SuppressWarnings({"UnusedVariable", "ReachabilityFenceUsage"}) // they only keep things
public final class Unusual implements Control {
  /** The option of the JVM without which it warns of native code. */
  public static final String ACCESS = "--enable-native-access=ALL-UNNAMED";

  private static final ClassValue<CountDownLatch> OF_A_CLASS =
      new ClassValue<>() {
        @Override
        protected CountDownLatch computeValue(Class<?> type) {
          return new CountDownLatch(1);
        }
      };

  private static final InheritableThreadLocal<CountDownLatch> INHERITED =
      new InheritableThreadLocal<>();

  private final CountDownLatch gate = new CountDownLatch(1);
  private @Nullable MethodHandle bound;
  private @Nullable Class<?> elsewhere;
  private @Nullable Thread unstarted;
  private @Nullable SubmissionPublisher<Integer> publisher;
  private @Nullable Path watched;
  private @Nullable Object reaped;
  private @Nullable Thread gated;
  private final Owned lock = new Owned();
  private final Owned parkedLock = new Owned();
  private volatile boolean unparked;
  private long process;
  private long comparator;
  private int port;

  @Override
  public void start() throws Exception {
    byCode();
    byOtherThreads();
    byTheWorldOutside();
    byOwners();
  }

  // --------------- Code and classes ---------------

  @SuppressWarnings("restricted") // native code is what this is about
  private void byCode() throws Exception {
    var ofHandle = new CountDownLatch(1);
    go("by a method handle's constant", ofHandle::await);
    bound =
        MethodHandles.lookup()
            .findVirtual(CountDownLatch.class, "countDown", MethodType.methodType(void.class))
            .bindTo(ofHandle);

    go("by a value of a class", OF_A_CLASS.get(String.class)::await);

    // The class alone is held, which only its loader leads to.
    elsewhere = new Loader().loadClass(Elsewhere.class.getName());
    var there = (CountDownLatch) elsewhere.getMethod("latch").invoke(null);
    go("by a static field of another loader", there::await);

    var ofBean = new CountDownLatch(1);
    ManagementFactory.getPlatformMBeanServer()
        .registerMBean(new StandardMBean(ofBean::countDown, Waking.class), beanName());
    go("by a bean", ofBean::await);

    // Of the stub there is nothing but its address: native code alone calls it.
    var ofNative = new CountDownLatch(1);
    MethodHandle compare =
        MethodHandles.lookup()
            .findStatic(
                Unusual.class,
                "compare",
                MethodType.methodType(
                    int.class, CountDownLatch.class, MemorySegment.class, MemorySegment.class))
            .bindTo(ofNative);
    comparator =
        Linker.nativeLinker()
            .upcallStub(
                compare,
                FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS),
                Arena.global())
            .address();
    go("by native code", ofNative::await);
  }

  /** What native code calls. */
  @SuppressWarnings("unused") // by a method handle
  private static int compare(CountDownLatch latch, MemorySegment a, MemorySegment b) {
    latch.countDown();
    return 0;
  }

  /** Has a static field, once in each loader that defines it. */
  public static final class Elsewhere {
    private static final CountDownLatch LATCH = new CountDownLatch(1);

    private Elsewhere() {}

    public static CountDownLatch latch() {
      return LATCH;
    }
  }

  /** Defines {@link Elsewhere} anew. */
  private static final class Loader extends ClassLoader {
    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (!name.equals(Elsewhere.class.getName())) {
        return super.loadClass(name, resolve);
      }
      String file = name.replace('.', '/') + ".class";
      try (var in = Unusual.class.getClassLoader().getResourceAsStream(file)) {
        byte[] bytes = Objects.requireNonNull(in).readAllBytes();
        return defineClass(name, bytes, 0, bytes.length);
      } catch (IOException e) {
        throw new ClassNotFoundException(name, e);
      }
    }
  }

  /** A bean that wakes. */
  public interface Waking {
    void wake();
  }

  private static ObjectName beanName() throws Exception {
    return new ObjectName("dev.selvage.verification:type=Waking");
  }

  // --------------- Other threads ---------------

  /** A platform thread with a field, which is found again by listing its group. */
  private static final class Gated extends Thread {
    static final String NAME = "found in its group";
    final CountDownLatch mine = new CountDownLatch(1);
    private final CountDownLatch gate;

    Gated(CountDownLatch gate) {
      super(NAME);
      this.gate = gate;
      setDaemon(true);
    }

    @Override
    public void run() {
      awaitGate(gate);
    }
  }

  /** Wakes when it is handed over by the collector; in {@link #REFERENCES} until then. */
  private static final class Reaped extends PhantomReference<Object> {
    static final ReferenceQueue<Object> QUEUE = new ReferenceQueue<>();
    static final Set<Reaped> REFERENCES = ConcurrentHashMap.newKeySet();
    final CountDownLatch latch;

    Reaped(Object object, CountDownLatch latch) {
      super(object, QUEUE);
      this.latch = latch;
      REFERENCES.add(this);
    }

    static void reap() {
      try {
        while (QUEUE.remove() instanceof Reaped one) {
          REFERENCES.remove(one);
          one.latch.countDown();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void byOtherThreads() throws Exception {
    var listed = new Gated(gate);
    go("by a thread that is found in its group", listed.mine::await);
    listed.start();

    platform(Reaped::reap);
    var reapedLatch = new CountDownLatch(1);
    reaped = bait(reapedLatch);
    go("by a reference that is handed over", reapedLatch::await);

    var inherited = new CountDownLatch(1);
    go("by an inherited thread-local", inherited::await);
    INHERITED.set(inherited);
    platform(
        () -> {
          awaitGate(gate);
          INHERITED.get().countDown();
        });
    INHERITED.remove();

    var ofHandler = new CountDownLatch(1);
    go("by a handler of uncaught exceptions", ofHandler::await);
    Thread dies =
        Thread.ofPlatform()
            .daemon()
            .uncaughtExceptionHandler((_, _) -> ofHandler.countDown())
            .unstarted(
                () -> {
                  awaitGate(gate);
                  throw new IllegalStateException("on purpose");
                });
    dies.start();

    var ofUnstarted = new CountDownLatch(1);
    go("by a thread that has not begun", ofUnstarted::await);
    unstarted = Thread.ofVirtual().unstarted(ofUnstarted::countDown);

    var ofPool = new CountDownLatch(1);
    go("by a task of the common pool", ofPool::await);
    CompletableFuture<Void> unused =
        CompletableFuture.runAsync(() -> awaitGate(gate), Unusual::platform)
            .thenRunAsync(ofPool::countDown, ForkJoinPool.commonPool());

    var ofSubscriber = new CountDownLatch(1);
    go("by a subscriber", ofSubscriber::await);
    publisher = new SubmissionPublisher<>();
    CompletableFuture<Void> alsoUnused = publisher.consume(_ -> ofSubscriber.countDown());
  }

  private static Object bait(CountDownLatch latch) {
    var object = new Object();
    Reference.reachabilityFence(new Reaped(object, latch));
    return object;
  }

  private static void platform(Runnable task) {
    Thread.ofPlatform().daemon().start(task);
  }

  private static void awaitGate(CountDownLatch gate) {
    try {
      gate.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  // --------------- The world outside ---------------

  private void byTheWorldOutside() throws Exception {
    var exited = new CountDownLatch(1);
    go("by the end of a process", exited::await);
    process = sleeper(exited);

    Path directory = Files.createTempDirectory("watched");
    watched = directory;
    var watching = new CountDownLatch(1);
    go(
        "by a file",
        () -> {
          try (var watch = FileSystems.getDefault().newWatchService()) {
            directory.register(watch, StandardWatchEventKinds.ENTRY_CREATE);
            watching.countDown();
            watch.take();
          }
        });
    watching.await();

    var accepted = new CountDownLatch(1);
    go("by a connection", accepted::await);
    port = accept(accepted);
  }

  private static long sleeper(CountDownLatch latch) throws IOException {
    Process process = new ProcessBuilder("sleep", "600").start();
    CompletableFuture<Void> unused = process.onExit().thenRun(latch::countDown);
    return process.pid();
  }

  @SuppressWarnings("resource") // closed when somebody comes
  private static int accept(CountDownLatch latch) throws IOException {
    var server =
        AsynchronousServerSocketChannel.open()
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    server.accept(
        latch,
        new CompletionHandler<AsynchronousSocketChannel, CountDownLatch>() {
          @Override
          public void completed(AsynchronousSocketChannel channel, CountDownLatch waiting) {
            waiting.countDown();
          }

          @Override
          public void failed(Throwable failure, CountDownLatch waiting) {}
        });
    return ((InetSocketAddress) server.getLocalAddress()).getPort();
  }

  // --------------- Who asks for a thread ---------------

  /** A lock that interrupts or unparks who has it for too long. */
  private static final class Owned extends ReentrantLock {
    private static final long serialVersionUID = 1;

    void interruptOwner() {
      Objects.requireNonNull(getOwner()).interrupt();
    }

    void unparkOwner() {
      LockSupport.unpark(getOwner());
    }
  }

  /** Lets everybody through as soon as a field says so, to which it is woken by a bare unpark. */
  private static final class Gate extends AbstractQueuedSynchronizer {
    private static final long serialVersionUID = 1;
    static volatile boolean open;

    @Override
    protected int tryAcquireShared(int argument) {
      return open ? 1 : -1;
    }
  }

  private void byOwners() {
    go(
        "by the owner of a lock",
        () -> {
          lock.lock();
          try {
            new CountDownLatch(1).await();
          } finally {
            lock.unlock();
          }
        });
    go(
        "parked, by the owner of a lock",
        () -> {
          parkedLock.lock();
          try {
            while (!unparked) {
              LockSupport.park();
            }
          } finally {
            parkedLock.unlock();
          }
        });
    gated = go("by a field and a bare unpark", () -> new Gate().acquireShared(1));
  }

  // --------------- Waking ---------------

  @Override
  public void wake() throws Exception {
    byHandles();
    for (Thread thread : group()) { // before the gate opens, and it ends
      if (thread instanceof Gated listed) {
        listed.mine.countDown();
      }
    }
    gate.countDown();
    reaped = null;
    System.gc();
    Objects.requireNonNull(unstarted).start();
    Objects.requireNonNull(publisher).submit(1);
    publisher.close();
    ProcessHandle.of(process).ifPresent(ProcessHandle::destroy);
    Path directory = Objects.requireNonNull(watched);
    Files.delete(Files.createFile(directory.resolve("file")));
    Files.delete(directory);
    new Socket(InetAddress.getLoopbackAddress(), port).close();
    lock.interruptOwner();
    unparked = true;
    parkedLock.unparkOwner();
    Gate.open = true;
    LockSupport.unpark(gated);
  }

  @SuppressWarnings("restricted") // as above
  private void byHandles() throws Exception {
    try {
      Objects.requireNonNull(bound).invokeExact();
      MethodHandle sort =
          Linker.nativeLinker()
              .downcallHandle(
                  Linker.nativeLinker().defaultLookup().findOrThrow("qsort"),
                  FunctionDescriptor.ofVoid(
                      ValueLayout.ADDRESS,
                      ValueLayout.JAVA_LONG,
                      ValueLayout.JAVA_LONG,
                      ValueLayout.ADDRESS));
      try (var arena = Arena.ofConfined()) {
        MemorySegment numbers = arena.allocateFrom(ValueLayout.JAVA_INT, 2, 1);
        sort.invokeExact(numbers, 2L, 4L, MemorySegment.ofAddress(comparator));
      }
    } catch (Throwable t) {
      throw new IllegalStateException(t);
    }
    OF_A_CLASS.get(String.class).countDown();
    Class<?> there = Objects.requireNonNull(elsewhere);
    ((CountDownLatch) there.getMethod("latch").invoke(null)).countDown();
    ManagementFactory.getPlatformMBeanServer().invoke(beanName(), "wake", null, null);
  }

  private static Thread[] group() {
    var threads = new Thread[1_000];
    int size = Objects.requireNonNull(Thread.currentThread().getThreadGroup()).enumerate(threads);
    return java.util.Arrays.copyOf(threads, size);
  }
}
