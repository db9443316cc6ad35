package dev.selvage.internal.jdk;

import static java.lang.invoke.MethodType.methodType;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodHandles.Lookup;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The door of JDK 25, found by reflection once, each part tried when this class is initialised. */
final class VirtualThreads25 implements VirtualThreads {
  /*
   * What is relied upon, all read in the source of JDK 25.0.3:
   *  - java.lang.VirtualThread has a constructor (Executor, String, int, Runnable), and gives the
   *    executor `runContinuation`, always the same lambda, which has captured the thread and
   *    nothing else. Whoever retransforms the class gives the constructor a new one, so threads
   *    that were made later have tasks of another class (OTHER_OWNERS).
   *  - its field `state` is 0 or 1 until it runs for the first time, and 11 after it has yielded.
   *  - java.lang.Thread.currentCarrierThread() is static, and an intrinsic.
   *  - jdk.internal.vm.SharedThreadContainer.start(Thread) starts a thread that the container lists
   *    in its field `virtualThreads`, which it only adds to, removes from and streams.
   *
   * The handles are static and final, so that the compiler sees through them: they are on the way
   * of every goroutine that is started or woken.
   */
  private static final List<Missing> MISSING = new ArrayList<>();

  private static final @Nullable MethodHandle CARRIER;
  private static final @Nullable MethodHandle CREATE;
  private static final @Nullable MethodHandle DEFAULT_SCHEDULER;
  private static final @Nullable MethodHandle OWNER;
  private static final @Nullable Class<?> TASK;
  private static final @Nullable MethodHandle STATE;
  private static final @Nullable MethodHandle HANDLER;
  private static final @Nullable MethodHandle START;
  private static final @Nullable Object CONTAINER;
  private static final @Nullable VarHandle LISTED;
  private static final @Nullable Containers CONTAINERS;
  private static final @Nullable MethodHandle CONTINUATION;
  private static final @Nullable MethodHandle TARGET;
  private static final @Nullable MethodHandle RUNS;
  private static final @Nullable Class<?> WRAPPER;

  /** How tasks of other classes tell their threads: empty for what is no virtual thread's task. */
  private static final ClassValue<Optional<MethodHandle>> OTHER_OWNERS =
      new ClassValue<>() {
        @Override
        protected Optional<MethodHandle> computeValue(Class<?> type) {
          if (!type.isHidden() || !type.getName().startsWith(LAMBDA)) {
            return Optional.empty();
          }
          try {
            return Optional.of(Lang.ownerOf(type, Class.forName("java.lang.VirtualThread")));
          } catch (ReflectiveOperationException | InaccessibleObjectException _) {
            return Optional.empty(); // a lambda of that class for something else
          }
        }
      };

  private static final String LAMBDA = "java.lang.VirtualThread$$Lambda";

  static {
    askAgent();
    Lang lang = attempt("java.base/java.lang", "no scheduler of our own", Lang::new);
    CARRIER = lang == null ? null : lang.carrier;
    CREATE = lang == null ? null : lang.create;
    DEFAULT_SCHEDULER = lang == null ? null : lang.defaultScheduler;
    OWNER = lang == null ? null : lang.owner;
    TASK = lang == null ? null : lang.task;
    STATE = lang == null ? null : lang.state;
    HANDLER = lang == null ? null : lang.handler;
    Containers containers =
        attempt(
            "java.base/jdk.internal.vm",
            "goroutines are held by the JDK's list of all threads, and starting one costs more",
            Containers::new);
    CONTAINERS = containers;
    START = containers == null ? null : containers.start;
    CONTAINER = containers == null ? null : containers.container;
    LISTED = containers == null ? null : containers.listed;
    Mounts mounts =
        containers == null || lang == null
            ? null
            : attempt("", "goroutines that run are missing from dumps", Mounts::new);
    CONTINUATION = mounts == null ? null : mounts.continuation;
    TARGET = mounts == null ? null : mounts.target;
    RUNS = mounts == null ? null : mounts.runs;
    WRAPPER = mounts == null ? null : mounts.wrapper;
  }

  private static final int STARTED = 1;
  private static final int YIELDED = 11;

  static final VirtualThreads25 INSTANCE = new VirtualThreads25();

  private VirtualThreads25() {}

  /**
   * Lets Selvage's agent, if it is there, open what is needed to this copy of the language,
   * whatever class loader that came from.
   */
  private static void askAgent() {
    if (System.getProperty("dev.selvage.agent") == null) {
      return;
    }
    try {
      Class.forName("dev.selvage.agent.Agent", false, ClassLoader.getSystemClassLoader())
          .getMethod("open", Class.class)
          .invoke(null, VirtualThreads25.class);
    } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
      // An older one, perhaps. What stays shut is told below.
    }
  }

  @Override
  public void offer(Executor scheduler) {
    if (System.getProperty("dev.selvage.agent") == null) {
      return;
    }
    try {
      Class.forName("dev.selvage.agent.Agent", false, ClassLoader.getSystemClassLoader())
          .getMethod("offer", Class.class, Executor.class)
          .invoke(null, VirtualThreads25.class, scheduler);
    } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
      // An older one, perhaps: then goroutines have a scheduler of their own.
    }
  }

  private interface Part<T> {
    T open() throws ReflectiveOperationException;
  }

  private static <T> @Nullable T attempt(String open, String costs, Part<T> part) {
    try {
      return part.open();
    } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
      boolean closed =
          e instanceof IllegalAccessException || e instanceof InaccessibleObjectException;
      MISSING.add(
          closed
              ? new Missing(open, costs + "; start with --add-opens " + open + "=" + us())
              : new Missing("", costs + "; this build of the JDK is not as expected: " + e));
      return null;
    }
  }

  /** How the command line names this module. */
  private static String us() {
    String name = VirtualThreads25.class.getModule().getName();
    return name == null ? "ALL-UNNAMED" : name;
  }

  /** What is in {@code java.lang}. */
  private static final class Lang {
    final MethodHandle carrier;
    final MethodHandle create;
    final MethodHandle defaultScheduler;
    final MethodHandle owner;
    final Class<?> task;
    final MethodHandle state;
    final MethodHandle handler;

    Lang() throws ReflectiveOperationException {
      Class<?> virtual = Class.forName("java.lang.VirtualThread");
      Lookup threads = MethodHandles.privateLookupIn(Thread.class, MethodHandles.lookup());
      Lookup virtuals = MethodHandles.privateLookupIn(virtual, MethodHandles.lookup());
      carrier = threads.findStatic(Thread.class, "currentCarrierThread", methodType(Thread.class));
      create =
          virtuals
              .findConstructor(
                  virtual,
                  methodType(void.class, Executor.class, String.class, int.class, Runnable.class))
              .asType(
                  methodType(
                      Thread.class, Executor.class, String.class, int.class, Runnable.class));
      defaultScheduler =
          virtuals.findStatic(virtual, "defaultScheduler", methodType(Executor.class));
      state =
          virtuals
              .findGetter(virtual, "state", int.class)
              .asType(methodType(int.class, Thread.class));
      handler =
          threads.findGetter(
              Thread.class, "uncaughtExceptionHandler", Thread.UncaughtExceptionHandler.class);
      Thread thread = Thread.ofVirtual().unstarted(() -> {});
      Runnable its =
          (Runnable)
              tried(
                  virtuals
                      .findGetter(virtual, "runContinuation", Runnable.class)
                      .asType(methodType(Runnable.class, Thread.class)),
                  thread);
      task = its.getClass();
      owner = ownerOf(task, virtual);
      if (tried(owner, its) != thread) {
        throw new NoSuchFieldException("a virtual thread's task does not tell its thread");
      }
      if (tried(carrier.asType(methodType(Object.class)), null) == null) {
        throw new NoSuchMethodException("no carrier");
      }
    }

    private static MethodHandle ownerOf(Class<?> task, Class<?> virtual)
        throws ReflectiveOperationException {
      for (Field field : task.getDeclaredFields()) {
        if (field.getType() == virtual) {
          field.setAccessible(true);
          return MethodHandles.lookup()
              .unreflectGetter(field)
              .asType(methodType(Thread.class, Runnable.class));
        }
      }
      throw new NoSuchFieldException("a virtual thread's task does not know its thread");
    }

    private static Object tried(MethodHandle handle, @Nullable Object argument)
        throws ReflectiveOperationException {
      try {
        return argument == null ? handle.invoke() : handle.invoke(argument);
      } catch (Throwable e) {
        throw new ReflectiveOperationException(e);
      }
    }
  }

  /** What is in {@code jdk.internal.vm}. */
  private static final class Containers {
    final MethodHandle start;
    final Object container;
    final VarHandle listed;
    final MethodHandle root;
    final MethodHandle threads;
    final MethodHandle children;

    Containers() throws ReflectiveOperationException {
      Class<?> shared = Class.forName("jdk.internal.vm.SharedThreadContainer");
      Lookup lookup = MethodHandles.privateLookupIn(shared, MethodHandles.lookup());
      listed = lookup.findVarHandle(shared, "virtualThreads", Set.class);
      MethodHandle make = lookup.findStatic(shared, "create", methodType(shared, String.class));
      try {
        container = make.invoke("selvage-goroutines");
      } catch (Throwable e) {
        throw new ReflectiveOperationException(e);
      }
      start =
          lookup
              .findVirtual(shared, "start", methodType(void.class, Thread.class))
              .bindTo(container);
      Class<?> any = Class.forName("jdk.internal.vm.ThreadContainer");
      Class<?> all = Class.forName("jdk.internal.vm.ThreadContainers");
      root = lookup.findStatic(all, "root", methodType(any)).asType(methodType(Object.class));
      MethodType streamOf = methodType(Stream.class, Object.class);
      threads = lookup.findVirtual(any, "threads", methodType(Stream.class)).asType(streamOf);
      children = lookup.findVirtual(any, "children", methodType(Stream.class)).asType(streamOf);
    }

    /** As the JDK's own dump goes through them. */
    boolean allMatch(Object container, Predicate<? super Thread> expected) throws Throwable {
      try (Stream<?> these = (Stream<?>) threads.invokeExact(container)) {
        if (!these.allMatch(t -> !(t instanceof Thread v && v.isVirtual()) || expected.test(v))) {
          return false;
        }
      }
      List<?> inner;
      try (Stream<?> stream = (Stream<?>) children.invokeExact(container)) {
        inner = stream.toList();
      }
      for (Object each : inner) {
        if (!allMatch(each, expected)) {
          return false;
        }
      }
      return true;
    }
  }

  /** The way from a carrier to what it runs: its continuation, whose target knows its thread. */
  private static final class Mounts {
    final MethodHandle continuation;
    final MethodHandle target;
    final MethodHandle runs;
    final Class<?> wrapper;

    Mounts() throws ReflectiveOperationException {
      Class<?> type = Class.forName("jdk.internal.vm.Continuation");
      Class<?> virtual = Class.forName("java.lang.VirtualThread");
      continuation =
          MethodHandles.privateLookupIn(Thread.class, MethodHandles.lookup())
              .findGetter(Thread.class, "cont", type)
              .asType(methodType(Object.class, Thread.class));
      target =
          MethodHandles.privateLookupIn(type, MethodHandles.lookup())
              .findGetter(type, "target", Runnable.class)
              .asType(methodType(Object.class, Object.class));
      wrapper = Class.forName("java.lang.VirtualThread$VThreadContinuation$1");
      Field field = wrapper.getDeclaredField("val$vthread");
      if (field.getType() != virtual) {
        throw new NoSuchFieldException("a continuation does not know its thread");
      }
      field.setAccessible(true);
      runs =
          MethodHandles.lookup()
              .unreflectGetter(field)
              .asType(methodType(Thread.class, Object.class));
    }
  }

  @Override
  public Thread currentCarrier() {
    try {
      return (Thread) Objects.requireNonNull(CARRIER).invokeExact();
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public Thread create(Executor scheduler, @Nullable String name, Runnable task) {
    try {
      return (Thread) Objects.requireNonNull(CREATE).invokeExact(scheduler, name, 0, task);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public void start(Thread thread) {
    MethodHandle start = START;
    if (start == null || !listing) {
      thread.start();
      return;
    }
    try {
      start.invokeExact(thread);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  // Written once, before the first goroutine is started, by who initialises the scheduler.
  private boolean listing;

  @Override
  public boolean list(Set<Thread> listed) {
    if (LISTED == null || CONTAINER == null) {
      return false;
    }
    LISTED.setVolatile(CONTAINER, listed);
    listing = true;
    return true;
  }

  @Override
  public @Nullable Thread owner(Runnable task) {
    Class<?> type = task.getClass();
    MethodHandle owner = type == TASK ? OWNER : otherOwner(type);
    if (owner == null) {
      return null;
    }
    try {
      return (Thread) owner.invokeExact(task);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  private static @Nullable MethodHandle otherOwner(Class<?> type) {
    return TASK == null ? null : OTHER_OWNERS.get(type).orElse(null);
  }

  @Override
  public @Nullable Thread mounted(Thread carrier) {
    if (CONTINUATION == null || TARGET == null || RUNS == null) {
      return null;
    }
    try {
      Object continuation = (Object) CONTINUATION.invokeExact(carrier);
      Object target = continuation == null ? null : (Object) TARGET.invokeExact(continuation);
      return target != null && target.getClass() == WRAPPER
          ? (Thread) RUNS.invokeExact(target)
          : null;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public Thread.@Nullable UncaughtExceptionHandler handler(Thread thread) {
    try {
      return HANDLER == null ? null : (Thread.UncaughtExceptionHandler) HANDLER.invokeExact(thread);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public boolean hasYielded(Runnable task) {
    Thread thread = owner(task);
    try {
      return thread != null && STATE != null && (int) STATE.invokeExact(thread) == YIELDED;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public boolean isNew(Thread thread) {
    try {
      return STATE != null && (int) STATE.invokeExact(thread) <= STARTED;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public long cpuNanos() {
    return Usage.CPU == null ? 0 : Usage.read(Usage.CPU);
  }

  @Override
  public long allocatedBytes() {
    return Usage.ALLOCATED == null ? 0 : Usage.read(Usage.ALLOCATED);
  }

  /**
   * What threads use, from {@code jdk.management}, which this module does not need: where it is not
   * there, nothing is known.
   */
  private static final class Usage {
    static final @Nullable MethodHandle CPU = find("getCurrentThreadCpuTime");
    static final @Nullable MethodHandle ALLOCATED = find("getCurrentThreadAllocatedBytes");

    private static @Nullable MethodHandle find(String method) {
      try {
        Class<?> type = Class.forName("com.sun.management.ThreadMXBean");
        Object bean =
            Class.forName("java.lang.management.ManagementFactory")
                .getMethod("getThreadMXBean")
                .invoke(null);
        MethodHandle handle =
            MethodHandles.publicLookup()
                .findVirtual(type, method, methodType(long.class))
                .bindTo(bean);
        return read(handle) < 0 ? null : handle;
      } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
        return null;
      }
    }

    static long read(MethodHandle handle) {
      try {
        return (long) handle.invokeExact();
      } catch (Throwable e) {
        throw unexpected(e);
      }
    }
  }

  @Override
  public @Nullable Boolean allMatch(Predicate<? super Thread> expected) {
    Containers containers = CONTAINERS;
    if (containers == null) {
      return null;
    }
    try {
      return containers.allMatch((Object) containers.root.invokeExact(), expected);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public Executor defaultScheduler() {
    try {
      return (Executor) Objects.requireNonNull(DEFAULT_SCHEDULER).invokeExact();
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @Override
  public void startPollers() {
    Thread starter =
        Thread.ofPlatform()
            .daemon()
            .name("selvage-pollers")
            .inheritInheritableThreadLocals(false)
            .unstarted(
                () -> {
                  try {
                    Class.forName("sun.nio.ch.Poller");
                  } catch (ClassNotFoundException | LinkageError e) {
                    // Then the first wait does it, in its own way.
                  }
                });
    starter.start();
    boolean interrupted = false;
    while (starter.isAlive()) {
      try {
        starter.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public List<Missing> missing() {
    return List.copyOf(MISSING);
  }

  @Override
  public boolean canSchedule() {
    return CREATE != null;
  }

  private static RuntimeException unexpected(Throwable e) {
    if (e instanceof Error error) {
      throw error;
    }
    return e instanceof RuntimeException runtime ? runtime : new IllegalStateException(e);
  }
}
