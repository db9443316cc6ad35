package dev.selvage.diagnostics.jdk;

import static java.lang.invoke.MethodType.methodType;

import dev.selvage.diagnostics.Frames;
import dev.selvage.diagnostics.Locks;
import dev.selvage.diagnostics.Report;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodHandles.Lookup;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.Spliterator;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.AbstractOwnableSynchronizer;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The door of JDK 25, found by reflection once, each part tested when this class is initialised.
 */
final class Jdk25 implements Jdk {
  /*
   * What is relied upon, all read in the source of JDK 25.0.3:
   *  - java.lang.VirtualThread: `state` is 4 when parked and unmounted, plus 256 while its stack is
   *    being walked; `cont` is its continuation. On its end the state becomes 99 *before* the
   *    container forgets the thread, so a thread that is not 99 after it was put back will still
   *    remove itself.
   *  - jdk.internal.vm.Continuation.tail is the newest chunk of the stack. Once a collection has
   *    seen a chunk the VM never freezes into it again, so a thread that ran since has another
   *    tail: its identity tells one park from the next.
   *  - jdk.internal.vm.ThreadContainers: VTHREADS lists what was started directly,
   *    CONTAINER_REGISTRY holds the others weakly.
   *  - java.util.concurrent.ThreadPerTaskExecutor.threads and SharedThreadContainer.virtualThreads
   *    are sets that their owner only adds to, removes from, counts and iterates.
   *  - jdk.internal.vm.SharedThreadContainer.create(String) makes a container that dumps list, with
   *    the threads in its field `virtualThreads`, until it is closed.
   *  - java.lang.Thread.threadContainer() tells where a thread was started: for as long as it lives,
   *    whoever lists it meanwhile.
   *  - java.lang.ref.FinalReference has a public constructor that needs no queue.
   *  - java.lang.ref.Finalizer.unfinalized is a list, linked by `next` and guarded by `lock`, of all
   *    objects with a finalizer that has not begun. One thread, named Finalizer, waits for its queue
   *    with Object.wait.
   */

  static final Jdk25 INSTANCE = new Jdk25();

  /** What is asked of every thread. Of a record, so that the compiler can take it for constants. */
  private record Hot(
      @Nullable MethodHandle state,
      @Nullable MethodHandle continuation,
      @Nullable MethodHandle tail,
      @Nullable MethodHandle headScope,
      @Nullable MethodHandle previousScope,
      @Nullable MethodHandle newFinalReference) {}

  private static final Hot HOT = INSTANCE.hot();

  /** The name of the container that lists those which are carried and were started directly. */
  private static final String CARRIED = "selvage-carried";

  private static final int STATE_PARKED = 4;
  private static final int STATE_SUSPENDED = 1 << 8;
  private static final int STATE_TERMINATED = 99;

  private final List<Report.Missing> missing = new ArrayList<>();

  // each null where its package is not open
  private @Nullable MethodHandle state;
  private @Nullable MethodHandle continuation;
  private @Nullable MethodHandle tail;
  private @Nullable MethodHandle termination;
  private @Nullable MethodHandle headScope;
  private @Nullable MethodHandle previousScope;
  private @Nullable MethodHandle containerName;
  private @Nullable MethodHandle containerThreads;
  private @Nullable MethodHandle containerOf;
  private @Nullable MethodHandle newPoolContainer;
  private @Nullable Object rootContainer;
  private @Nullable MethodHandle newFinalReference;
  private @Nullable MethodHandle waitForReferences;
  private @Nullable MethodHandle unfinalized;
  private @Nullable MethodHandle nextUnfinalized;
  private Object finalizerLock = new Object();
  private @Nullable MethodHandle snapshot;
  private @Nullable MethodHandle snapshotState;
  private @Nullable MethodHandle parkBlocker;
  private @Nullable MethodHandle blockedOn;
  private @Nullable MethodHandle waitingOn;
  private @Nullable MethodHandle ownsMonitors;
  private @Nullable MethodHandle ownedMonitorsAt;
  private @Nullable MethodHandle snapshotStack;
  private @Nullable MethodHandle exclusiveOwner;
  private @Nullable MethodHandle defaultScheduler;
  private @Nullable MethodHandle drain;
  private @Nullable Set<Thread> rootThreads;
  private @Nullable Set<WeakReference<?>> registry;
  private @Nullable Class<?> containerClass;
  private @Nullable Class<?> executorClass;
  private @Nullable Field executorThreads;
  private @Nullable Class<?> poolContainerClass;
  private @Nullable VarHandle poolThreads;
  private final Object lock;
  private final AtomicLong interruptions = new AtomicLong();

  /**
   * The sets that executors were given, by their owners; needed where another copy of this class
   * has put a set of its own around ours since. Used under {@link #lock}. A set refers to its owner
   * by way of its threads, so it must not be held.
   */
  private final Map<Object, WeakReference<HidingSet>> given = new WeakHashMap<>();

  private final Container root;

  /**
   * Those that are carried and were started directly. Never exchanged in the container's field but
   * by another copy of this class, which puts its own set around ours.
   */
  private final HidingSet carriedRoots;

  private volatile @Nullable AutoCloseable carriedContainer;

  private Jdk25() {
    if (!tracks()) {
      missing.add(
          new Report.Missing(
              "-Djdk.trackAllThreads=false",
              "with this the JDK lists no virtual thread that was started directly, and neither can"
                  + " Selvage: those that leak are garbage, and collections take them away unseen;"
                  + " nothing is proven, also not of executors' threads, which are listed. Start"
                  + " without it, or with -Djdk.trackAllThreads=true"));
    }
    attempt(
        "java.base/java.lang",
        "no thread state, so no proof; virtual threads are listed from the thread dump only",
        this::openLang);
    attempt(
        "java.base/jdk.internal.vm",
        "no list of virtual threads by container, so no proof",
        this::openContainers);
    attempt(
        "java.base/java.lang.ref",
        "no question to the collector, so no proof",
        this::openReferences);
    attempt(
        "java.base/java.util.concurrent",
        "threads of executors are listed but not proven",
        this::openExecutors);
    // Not missed where they are shut: dumps then do not name locks, or not who has them.
    quietly(this::openSnapshots);
    quietly(this::openOwners);
    quietly(this::openScheduler);
    quietly(this::openQueues);
    Object shared = Thread.class;
    try {
      shared = Class.forName("jdk.internal.vm.ThreadContainers");
    } catch (ClassNotFoundException e) {
      missing.add(new Report.Missing("java.base/jdk.internal.vm", "this JDK has no such class"));
    }
    lock = shared;
    carriedRoots = new HidingSet(ConcurrentHashMap.newKeySet(), new AtomicLong());
    root = new Container("<root>", Container.Kind.ROOT, this);
  }

  private interface Part {
    void open() throws ReflectiveOperationException;
  }

  private void attempt(String open, String costs, Part part) {
    try {
      part.open();
    } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
      // a LinkageError: a JVM without continuations refuses to initialise their class
      boolean closed =
          e instanceof IllegalAccessException || e instanceof InaccessibleObjectException;
      missing.add(
          new Report.Missing(
              open,
              closed
                  ? costs + "; start with --add-opens " + open + "=ALL-UNNAMED"
                  : costs + "; this build of the JDK is not as expected: " + e));
    }
  }

  private void openLang() throws ReflectiveOperationException {
    Class<?> vthread = Class.forName("java.lang.VirtualThread");
    Lookup lookup = MethodHandles.privateLookupIn(vthread, MethodHandles.lookup());
    Class<?> cont = Class.forName("jdk.internal.vm.Continuation");
    MethodHandle getCont =
        lookup.findGetter(vthread, "cont", cont).asType(methodType(Object.class, Thread.class));
    MethodHandle getState =
        lookup.findGetter(vthread, "state", int.class).asType(methodType(int.class, Thread.class));
    Class<?> scope = Class.forName("jdk.internal.vm.StackableScope");
    Lookup threads = MethodHandles.privateLookupIn(Thread.class, MethodHandles.lookup());
    headScope =
        threads
            .findGetter(Thread.class, "headStackableScopes", scope)
            .asType(methodType(Object.class, Thread.class));
    termination =
        lookup
            .findVirtual(vthread, "getTermination", methodType(CountDownLatch.class))
            .asType(methodType(CountDownLatch.class, Thread.class));
    continuation = getCont;
    state = getState;
  }

  private void openContainers() throws ReflectiveOperationException {
    Class<?> cont = Class.forName("jdk.internal.vm.Continuation");
    Class<?> chunk = Class.forName("jdk.internal.vm.StackChunk");
    MethodHandle getTail =
        MethodHandles.privateLookupIn(cont, MethodHandles.lookup())
            .findGetter(cont, "tail", chunk)
            .asType(methodType(Object.class, Object.class));
    Class<?> container = Class.forName("jdk.internal.vm.ThreadContainer");
    Class<?> containers = Class.forName("jdk.internal.vm.ThreadContainers");
    Class<?> tracking =
        Class.forName(containers.getName() + "$RootContainer$TrackingRootContainer");
    Lookup lookup = MethodHandles.privateLookupIn(containers, MethodHandles.lookup());
    containerName =
        lookup
            .findVirtual(container, "name", methodType(String.class))
            .asType(methodType(String.class, Object.class));
    containerThreads =
        lookup
            .findVirtual(container, "threads", methodType(Stream.class))
            .asType(methodType(Stream.class, Object.class));
    Class<?> scope = Class.forName("jdk.internal.vm.StackableScope");
    previousScope =
        MethodHandles.privateLookupIn(scope, MethodHandles.lookup())
            .findVirtual(scope, "previous", methodType(scope))
            .asType(methodType(Object.class, Object.class));
    registry = weakSet(lookup.findStaticGetter(containers, "CONTAINER_REGISTRY", Set.class));
    Class<?> pool = Class.forName("jdk.internal.vm.SharedThreadContainer");
    poolThreads =
        MethodHandles.privateLookupIn(pool, MethodHandles.lookup())
            .findVarHandle(pool, "virtualThreads", Set.class);
    poolContainerClass = pool;
    newPoolContainer =
        MethodHandles.privateLookupIn(pool, MethodHandles.lookup())
            .findStatic(pool, "create", methodType(pool, String.class))
            .asType(methodType(Object.class, String.class));
    rootContainer = call(lookup.findStatic(containers, "root", methodType(container)));
    containerOf =
        MethodHandles.privateLookupIn(Thread.class, MethodHandles.lookup())
            .findVirtual(Thread.class, "threadContainer", methodType(container))
            .asType(methodType(Object.class, Thread.class));
    containerClass = container;
    tail = getTail;
    if (tracks()) {
      rootThreads =
          threadSet(
              MethodHandles.privateLookupIn(tracking, MethodHandles.lookup())
                  .findStaticGetter(tracking, "VTHREADS", Set.class));
    }
  }

  private Hot hot() {
    return new Hot(state, continuation, tail, headScope, previousScope, newFinalReference);
  }

  /** As the JDK reads it when it starts. */
  private static boolean tracks() {
    String track = System.getProperty("jdk.trackAllThreads");
    return track == null || track.isEmpty() || Boolean.parseBoolean(track);
  }

  @SuppressWarnings("unchecked") // the JDK declares it so
  private static Set<Thread> threadSet(MethodHandle getter) throws ReflectiveOperationException {
    return (Set<Thread>) call(getter);
  }

  @SuppressWarnings("unchecked") // the JDK declares it so
  private static Set<WeakReference<?>> weakSet(MethodHandle getter)
      throws ReflectiveOperationException {
    return (Set<WeakReference<?>>) call(getter);
  }

  private static Object call(MethodHandle getter) throws ReflectiveOperationException {
    try {
      return getter.invoke();
    } catch (Throwable t) {
      throw new ReflectiveOperationException(t);
    }
  }

  private static void quietly(Part part) {
    try {
      part.open();
    } catch (ReflectiveOperationException | RuntimeException | LinkageError _) {
      // Its handles stay null.
    }
  }

  private void openOwners() throws ReflectiveOperationException {
    exclusiveOwner = LockQueues.owner();
  }

  private void openScheduler() throws ReflectiveOperationException {
    Class<?> virtual = Class.forName("java.lang.VirtualThread");
    defaultScheduler =
        MethodHandles.privateLookupIn(virtual, MethodHandles.lookup())
            .findStatic(virtual, "defaultScheduler", methodType(Executor.class));
  }

  private void openQueues() throws ReflectiveOperationException {
    drain =
        MethodHandles.privateLookupIn(ForkJoinPool.class, MethodHandles.lookup())
            .findVirtual(
                ForkJoinPool.class, "drainTasksTo", methodType(int.class, Collection.class));
  }

  private void openSnapshots() throws ReflectiveOperationException {
    Class<?> type = Class.forName("jdk.internal.vm.ThreadSnapshot");
    Lookup lookup = MethodHandles.privateLookupIn(type, MethodHandles.lookup());
    MethodType toObject = methodType(Object.class, Object.class);
    snapshotState =
        lookup
            .findVirtual(type, "threadState", methodType(Thread.State.class))
            .asType(methodType(Thread.State.class, Object.class));
    parkBlocker =
        lookup.findVirtual(type, "parkBlocker", methodType(Object.class)).asType(toObject);
    blockedOn = lookup.findVirtual(type, "blockedOn", methodType(Object.class)).asType(toObject);
    waitingOn = lookup.findVirtual(type, "waitingOn", methodType(Object.class)).asType(toObject);
    ownsMonitors =
        lookup
            .findVirtual(type, "ownsMonitors", methodType(boolean.class))
            .asType(methodType(boolean.class, Object.class));
    ownedMonitorsAt =
        lookup
            .findVirtual(type, "ownedMonitorsAt", methodType(Stream.class, int.class))
            .asType(methodType(Stream.class, Object.class, int.class));
    snapshotStack =
        lookup
            .findVirtual(type, "stackTrace", methodType(StackTraceElement[].class))
            .asType(methodType(StackTraceElement[].class, Object.class));
    snapshot =
        lookup
            .findStatic(type, "of", methodType(type, Thread.class))
            .asType(methodType(Object.class, Thread.class));
  }

  private void openReferences() throws ReflectiveOperationException {
    Class<?> last = Class.forName("java.lang.ref.FinalReference");
    Constructor<?> constructor = last.getDeclaredConstructor(Object.class, ReferenceQueue.class);
    Lookup lookup = MethodHandles.privateLookupIn(last, MethodHandles.lookup());
    waitForReferences =
        MethodHandles.privateLookupIn(Reference.class, MethodHandles.lookup())
            .findStatic(Reference.class, "waitForReferenceProcessing", methodType(boolean.class));
    Class<?> finalizer = Class.forName("java.lang.ref.Finalizer");
    Lookup finalizers = MethodHandles.privateLookupIn(finalizer, MethodHandles.lookup());
    HiddenThread.check();
    unfinalized =
        finalizers
            .findStaticGetter(finalizer, "unfinalized", finalizer)
            .asType(methodType(Object.class));
    nextUnfinalized =
        finalizers
            .findGetter(finalizer, "next", finalizer)
            .asType(methodType(Object.class, Object.class));
    finalizerLock =
        Objects.requireNonNull(call(finalizers.findStaticGetter(finalizer, "lock", Object.class)));
    newFinalReference =
        lookup
            .unreflectConstructor(constructor)
            .asType(methodType(Reference.class, Object.class, ReferenceQueue.class));
  }

  private void openExecutors() throws ReflectiveOperationException {
    Class<?> executor = Class.forName("java.util.concurrent.ThreadPerTaskExecutor");
    Field field = executor.getDeclaredField("threads");
    field.setAccessible(true);
    executorThreads = field;
    executorClass = executor;
  }

  @Override
  public List<Report.Missing> missing() {
    return List.copyOf(missing);
  }

  @Override
  public boolean canHide() {
    return state != null && tail != null && newFinalReference != null && rootThreads != null;
  }

  @Override
  public boolean hasOwnScheduler() {
    VarHandle pools = poolThreads;
    if (registry == null || pools == null || poolContainerClass == null) {
      return false;
    }
    for (WeakReference<?> reference : registry) {
      Object container = reference.get();
      // core, internal/jdk/VirtualThreads25, names it so, and gives it a set when it uses it
      if (poolContainerClass.isInstance(container)
          && name(container).equals("selvage-goroutines")
          && (Object) pools.getVolatile(container) != null) {
        return true;
      }
    }
    return false;
  }

  @Override
  public @Nullable Executor defaultScheduler() {
    MethodHandle get = defaultScheduler;
    try {
      return get == null ? null : (Executor) get.invokeExact();
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  @Override
  public boolean takeQueued(ForkJoinPool scheduler, Collection<Object> into) {
    MethodHandle take = drain;
    if (take == null) {
      return false;
    }
    try {
      int _ = (int) take.invokeExact(scheduler, (Collection<?>) into);
      return true;
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  @Override
  public void forEach(BiConsumer<Container, Thread> consumer) {
    forEach(Jdk25::oneAfterTheOther, consumer, consumer, true);
  }

  @Override
  public void forEachListed(BiConsumer<Container, Thread> consumer) {
    forEach(Jdk25::oneAfterTheOther, consumer, consumer, false);
  }

  private static void oneAfterTheOther(Runnable helpers, Runnable own) {
    helpers.run();
    own.run();
  }

  @Override
  public void forEach(
      Both both, BiConsumer<Container, Thread> helpers, BiConsumer<Container, Thread> own) {
    forEach(both, helpers, own, true);
  }

  private void forEach(
      Both both,
      BiConsumer<Container, Thread> helpers,
      BiConsumer<Container, Thread> own,
      boolean carriedToo) {
    List<Object> open = new ArrayList<>();
    List<Object> openOfHelpers = new ArrayList<>();
    BiConsumer<Container, Thread> visitor = visitor(own, open);
    Set<Thread> started = rootThreads;
    if (started != null) {
      BiConsumer<Container, Thread> visitorOfHelpers = visitor(helpers, openOfHelpers);
      List<Spliterator<Thread>> pieces = pieces(started.spliterator());
      AtomicInteger next = new AtomicInteger();
      both.run(
          () -> take(next, pieces, thread -> visitorOfHelpers.accept(root, thread)),
          () -> take(next, pieces, thread -> visitor.accept(root, thread)));
    }
    open.addAll(openOfHelpers);
    if (registry != null) {
      for (WeakReference<?> reference : registry) {
        Object container = reference.get();
        if (container != null) {
          visit(container, visitor, carriedToo);
        }
      }
    }
    for (Thread thread : platformThreads()) {
      addScopes(thread, open);
    }
    Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    for (int i = 0; i < open.size(); i++) {
      if (seen.add(open.get(i))) {
        visit(open.get(i), visitor, carriedToo);
      }
    }
  }

  /** Whoever is ready takes the next piece. */
  private static void take(
      AtomicInteger next, List<Spliterator<Thread>> pieces, Consumer<Thread> consumer) {
    for (int i = next.getAndIncrement(); i < pieces.size(); i = next.getAndIncrement()) {
      pieces.get(i).forEachRemaining(consumer);
    }
  }

  /**
   * Up to 4,096 pieces: threads lie in the order of their ids, and the set never shrinks, so that
   * after a time of many threads all that are left may lie side by side in a small part of it; and
   * on a busy machine one of two threads may come late.
   */
  private static List<Spliterator<Thread>> pieces(Spliterator<Thread> whole) {
    List<Spliterator<Thread>> pieces = new ArrayList<>(List.of(whole));
    for (int i = 0; i < 12; i++) {
      List<Spliterator<Thread>> smaller = new ArrayList<>(2 * pieces.size());
      for (Spliterator<Thread> piece : pieces) {
        Spliterator<Thread> half = piece.trySplit();
        smaller.add(piece);
        if (half != null) {
          smaller.add(half);
        }
      }
      pieces = smaller;
    }
    return pieces;
  }

  @Override
  public int rootSize() {
    return rootThreads == null ? 0 : rootThreads.size();
  }

  private BiConsumer<Container, Thread> visitor(
      BiConsumer<Container, Thread> consumer, List<Object> open) {
    return (container, thread) -> {
      if (thread.isVirtual() && thread.isAlive()) {
        consumer.accept(container, thread);
      }
      addScopes(thread, open);
    };
  }

  /** The thread containers among the scopes that a thread has open. */
  private void addScopes(Thread owner, List<Object> scopes) {
    MethodHandle head = HOT.headScope;
    MethodHandle previous = HOT.previousScope;
    Class<?> containers = containerClass;
    if (head == null || previous == null || containers == null) {
      return;
    }
    try {
      for (Object scope = (Object) head.invokeExact(owner);
          scope != null;
          scope = (Object) previous.invokeExact(scope)) {
        if (containers.isInstance(scope)) {
          scopes.add(scope);
        }
      }
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  private Container containerFor(Object jdkContainer) {
    Container.Kind kind = kind(jdkContainer);
    // Who keeps a Container must not keep an open scope alive by it: its threads would look
    // reachable.
    Object kept = kind == Container.Kind.SCOPE ? this : jdkContainer;
    return new Container(name(jdkContainer), kind, kept);
  }

  private void visit(
      Object jdkContainer, BiConsumer<Container, Thread> visitor, boolean carriedToo) {
    boolean roots = jdkContainer == carriedContainer;
    Container container = roots ? root : containerFor(jdkContainer);
    if (!carriedToo) {
      HidingSet set = roots ? carriedRoots : hidingSet(container);
      if (set != null) {
        set.forEachListed(thread -> visitor.accept(container, thread));
        return;
      }
    }
    MethodHandle threads = containerThreads;
    if (threads == null) {
      return;
    }
    try {
      @SuppressWarnings("unchecked") // the JDK declares it so
      Stream<Thread> stream = (Stream<Thread>) threads.invokeExact(jdkContainer);
      stream.forEach(thread -> visitor.accept(container, thread));
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  private Container.Kind kind(Object container) {
    if (executorClass != null && executorClass.isInstance(container)) {
      return Container.Kind.EXECUTOR;
    }
    if (poolContainerClass != null && poolContainerClass.isInstance(container)) {
      return Container.Kind.POOL;
    }
    return Container.Kind.SCOPE;
  }

  private String name(Object container) {
    MethodHandle get = containerName;
    if (get == null) {
      return container.getClass().getName();
    }
    try {
      String name = (String) get.invokeExact(container);
      return name != null ? name : container.getClass().getName();
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  private int rawState(Thread thread) {
    MethodHandle get = HOT.state;
    if (get == null) {
      return -1;
    }
    try {
      return (int) get.invokeExact(thread) & ~STATE_SUSPENDED;
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  @Override
  public boolean isParked(Thread thread) {
    return rawState(thread) == STATE_PARKED;
  }

  @Override
  public Activity activity(Thread thread) {
    int state = rawState(thread);
    return switch (state) {
      case -1 -> fromPublicState(thread);
      case 0, STATE_TERMINATED -> Activity.NOT_ALIVE;
      case STATE_PARKED -> Activity.PARKED;
      case 5 -> Activity.PINNED;
      case 7, 8, 18 -> Activity.TIMED;
      case 13 -> Activity.MONITOR_ENTER;
      case 16 -> Activity.OBJECT_WAIT;
      default -> mounted(thread, state);
    };
  }

  /**
   * A thread that is on a carrier may still wait there, for a monitor that pins it. The public
   * state is a second look, and tells of the carrier only if the thread did not move on meanwhile:
   * what was on the way into a wait, or out of one, counts as running. It takes a few looks to
   * believe that it stands: a thread that parks and comes back between two readings is not seen to
   * have moved, and a carrier may just wait for the lock under which the look is taken.
   */
  private Activity mounted(Thread thread, int state) {
    Thread.State second = Thread.State.RUNNABLE;
    for (int looks = 0; looks < 3; looks++) {
      second = thread.getState();
      if (rawState(thread) != state || second == Thread.State.RUNNABLE) {
        return Activity.RUNNABLE;
      }
    }
    return switch (second) {
      case BLOCKED -> Activity.MONITOR_ENTER;
      case TIMED_WAITING -> Activity.TIMED;
      case WAITING -> Activity.PINNED;
      default -> Activity.RUNNABLE;
    };
  }

  private static Activity fromPublicState(Thread thread) {
    return switch (thread.getState()) {
      case NEW, TERMINATED -> Activity.NOT_ALIVE;
      case RUNNABLE -> Activity.RUNNABLE;
      case BLOCKED -> Activity.MONITOR_ENTER;
      case WAITING -> Activity.PARKED;
      case TIMED_WAITING -> Activity.TIMED;
    };
  }

  @Override
  public int parkIdentity(Thread thread) {
    MethodHandle getContinuation = HOT.continuation;
    MethodHandle getTail = HOT.tail;
    if (getContinuation == null || getTail == null) {
      throw new IllegalStateException("java.base/java.lang and jdk.internal.vm are not open");
    }
    try {
      Object cont = (Object) getContinuation.invokeExact(thread);
      return System.identityHashCode((Object) getTail.invokeExact(cont));
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  @Override
  public HiddenThread handle(Thread thread) {
    MethodHandle create = HOT.newFinalReference;
    if (create == null) {
      throw new IllegalStateException("java.base/java.lang.ref is not open");
    }
    try {
      return new HiddenThread(
          (Reference<?>) create.invokeExact((Object) thread, (ReferenceQueue<?>) null));
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  @Override
  public void forget(Thread thread) {
    if (rootThreads != null) {
      rootThreads.remove(thread);
    }
  }

  @Override
  public void remember(Thread thread) {
    if (rootThreads != null) {
      rootThreads.add(thread);
      if (rawState(thread) == STATE_TERMINATED) {
        rootThreads.remove(thread);
      }
    }
  }

  @Override
  public CountDownLatch termination(Thread thread) {
    MethodHandle get = termination;
    if (get == null) {
      throw new IllegalStateException("java.base/java.lang is not open");
    }
    try {
      return (CountDownLatch) get.invokeExact(thread);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  // Of these two a second thread makes use while the first holds the lock of the finalizers: they
  // load no class, which a switch over an enum does, for an agent of the program's may look at
  // that.

  @Override
  public void hide(Container container, Thread thread, HiddenThread handle) {
    Container.Kind kind = container.kind();
    if (kind == Container.Kind.ROOT) {
      forget(thread);
    } else if (kind != Container.Kind.SCOPE) {
      HidingSet set = hidingSet(container);
      if (set != null) {
        set.hide(thread, handle);
      }
    }
  }

  @Override
  public void restore(Container container, long id, Thread thread) {
    Container.Kind kind = container.kind();
    if (kind == Container.Kind.ROOT) {
      remember(thread);
    } else if (kind != Container.Kind.SCOPE) {
      HidingSet set = hidingSet(container);
      if (set != null) {
        set.restore(id, thread);
      }
    }
  }

  @Override
  public boolean beginCarrying() {
    MethodHandle create = newPoolContainer;
    VarHandle threads = poolThreads;
    if (create == null || threads == null || registry == null) {
      throw new IllegalStateException("java.base/jdk.internal.vm is not open");
    }
    for (WeakReference<?> reference : registry) {
      Object container = reference.get();
      if (container != null && kind(container) == Container.Kind.POOL) {
        if (name(container).equals(CARRIED)) {
          return false;
        }
      }
    }
    try {
      Object container = (Object) create.invokeExact(CARRIED);
      threads.setVolatile(container, carriedRoots);
      carriedContainer = (AutoCloseable) container;
      return true;
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  @Override
  public void endCarrying() {
    AutoCloseable container = carriedContainer;
    carriedContainer = null;
    if (container != null) {
      try {
        container.close();
      } catch (Exception e) {
        throw unexpected(e);
      }
    }
  }

  @Override
  public boolean carry(Container container, Thread thread, HiddenThread handle) {
    return switch (container.kind()) {
      case ROOT -> {
        carriedRoots.take(thread, handle);
        if (rootThreads != null && rootThreads.remove(thread)) {
          yield true;
        }
        carriedRoots.remove(thread);
        yield false;
      }
      case EXECUTOR, POOL -> {
        HidingSet set = ready(container.jdkContainer());
        // Asked after the exchange, as HidingSet wants it.
        yield set != null && isParked(thread) && set.hide(thread, handle);
      }
      case SCOPE -> true;
    };
  }

  @Override
  public void carryAgain(Container container, Thread thread, HiddenThread handle) {
    switch (container.kind()) {
      case ROOT -> carriedRoots.again(thread, handle);
      case EXECUTOR, POOL -> {
        HidingSet set = hidingSet(container);
        if (set != null) {
          set.again(thread, handle);
        }
      }
      case SCOPE -> {}
    }
  }

  @Override
  public void putDown(Container container, Thread thread) {
    if (container.kind() == Container.Kind.ROOT) {
      remember(thread); // first, so that it is listed at any time
      carriedRoots.remove(thread);
    } else {
      restore(container, thread.threadId(), thread);
    }
  }

  @Override
  public Container containerOf(Thread thread) {
    MethodHandle get = containerOf;
    if (get == null) {
      throw new IllegalStateException("java.base/java.lang is not open");
    }
    try {
      Object owner = (Object) get.invokeExact(thread);
      return owner == null || owner == rootContainer ? root : containerFor(owner);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /**
   * The set of an owner, exchanged if it was not yet; null if it must not hide anything. Unlike
   * {@link #prepare} it asks nobody for stacks: an executor that was shut down is left alone.
   */
  private @Nullable HidingSet ready(Object owner) {
    Object threads = threadsOf(owner);
    HidingSet known = hidingSet(owner, threads);
    if (known != null) {
      return known.isBusy() ? null : known;
    }
    boolean executor = owner instanceof ExecutorService;
    if (threads == null || (executor && ((ExecutorService) owner).isShutdown())) {
      return null;
    }
    HidingSet hiding = exchange(owner, threads);
    given.put(owner, new WeakReference<>(hiding));
    if (executor && ((ExecutorService) owner).isShutdown()) {
      // Shut down just now, perhaps by way of the old set; a look asks whether that has ended.
      hiding.busy(true);
      return null;
    }
    return hiding;
  }

  /** The set of an executor or a pool if it has been exchanged for one that can hide. */
  private @Nullable HidingSet hidingSet(Container container) {
    Object owner = container.jdkContainer();
    return hidingSet(owner, threadsOf(owner));
  }

  /**
   * The same: in the owner's field, or below what another copy of this class has put there. Such a
   * copy's set passes on to ours whatever concerns its members.
   */
  private @Nullable HidingSet hidingSet(Object owner, @Nullable Object threads) {
    if (threads instanceof HidingSet hiding) {
      return hiding;
    }
    if (threads == null || !threads.getClass().getName().equals(HidingSet.class.getName())) {
      return null;
    }
    WeakReference<HidingSet> earlier = given.get(owner);
    return earlier == null ? null : earlier.get();
  }

  private @Nullable Object threadsOf(Object owner) {
    Field executors = executorThreads;
    VarHandle pools = poolThreads;
    if (executors != null && executorClass != null && executorClass.isInstance(owner)) {
      try {
        return executors.get(owner);
      } catch (IllegalAccessException e) {
        throw new IllegalStateException("ThreadPerTaskExecutor.threads cannot be read", e);
      }
    }
    if (pools != null && poolContainerClass != null && poolContainerClass.isInstance(owner)) {
      return (Object) pools.getVolatile(owner);
    }
    return null;
  }

  @Override
  public void prepare() {
    if (registry == null) {
      return;
    }
    List<HidingSet> doubtful = new ArrayList<>();
    for (WeakReference<?> reference : registry) {
      Object owner = reference.get();
      Object threads = owner == null ? null : threadsOf(owner);
      HidingSet known = owner == null ? null : hidingSet(owner, threads);
      if (known != null) {
        if (known.isBusy()) {
          doubtful.add(known);
        }
      } else if (owner != null && threads != null) {
        HidingSet hiding = exchange(owner, threads);
        given.put(owner, new WeakReference<>(hiding));
        // An executor is shut down before its threads are interrupted. So one that runs even now,
        // after the exchange, will interrupt by way of the new set.
        if (owner instanceof ExecutorService executor && executor.isShutdown()) {
          hiding.busy(true);
          doubtful.add(hiding);
        }
      }
    }
    if (!doubtful.isEmpty() && !someoneInterrupts()) {
      doubtful.forEach(hiding -> hiding.busy(false));
    }
  }

  private HidingSet exchange(Object owner, Object threads) {
    @SuppressWarnings("unchecked") // the JDK declares it so
    HidingSet hiding = new HidingSet((Set<Thread>) threads, interruptions);
    Field executors = executorThreads;
    VarHandle pools = poolThreads;
    if (executors != null && executorClass != null && executorClass.isInstance(owner)) {
      try {
        executors.set(owner, hiding);
      } catch (IllegalAccessException e) {
        throw new IllegalStateException("ThreadPerTaskExecutor.threads cannot be exchanged", e);
      }
      VarHandle.fullFence();
    } else if (pools != null) {
      pools.setVolatile(owner, hiding);
    }
    return hiding;
  }

  /** Whether any thread is on its way through the threads of an executor, to interrupt them. */
  private boolean someoneInterrupts() {
    for (StackTraceElement[] stack : Thread.getAllStackTraces().values()) {
      if (interrupts(stack)) {
        return true;
      }
    }
    boolean[] found = new boolean[1];
    forEachThread(
        thread -> {
          // parked or asleep it is not there: interrupting does neither
          Activity activity = activity(thread);
          if (!found[0] && activity != Activity.PARKED && activity != Activity.TIMED) {
            found[0] = interrupts(thread.getStackTrace());
          }
        });
    return found[0];
  }

  private static boolean interrupts(StackTraceElement[] stack) {
    // close() waits in the same class, but not in this method
    for (StackTraceElement frame : stack) {
      if (frame.getMethodName().equals("tryShutdownAndTerminate")
          && frame.getClassName().equals("java.util.concurrent.ThreadPerTaskExecutor")) {
        return true;
      }
    }
    return false;
  }

  @Override
  public boolean awaitReferenceProcessing() throws InterruptedException {
    MethodHandle await = waitForReferences;
    if (await == null) {
      return false;
    }
    // Each call waits for progress only; the bound keeps a program that makes references all the
    // time from holding us.
    for (int i = 0; i < 100; i++) {
      boolean progress;
      try {
        progress = (boolean) await.invokeExact();
      } catch (InterruptedException e) {
        throw e;
      } catch (Throwable t) {
        throw unexpected(t);
      }
      if (!progress) {
        return true;
      }
    }
    return false;
  }

  @Override
  public Object finalizerLock() {
    return finalizerLock;
  }

  @Override
  public Object[] unfinalized() {
    MethodHandle head = unfinalized;
    MethodHandle next = nextUnfinalized;
    if (head == null || next == null) {
      throw new IllegalStateException("java.base/java.lang.ref is not open");
    }
    List<Object> objects = new ArrayList<>();
    Object guard = finalizerLock();
    synchronized (guard) {
      try {
        for (Object each = (Object) head.invokeExact();
            each != null;
            each = (Object) next.invokeExact(each)) {
          Object object = HiddenThread.referent(each);
          if (object != null) {
            objects.add(object);
          }
        }
      } catch (Throwable t) {
        throw unexpected(t);
      }
    }
    return objects.toArray();
  }

  @Override
  @SuppressWarnings("deprecation") // it goes when finalization goes
  public long finalizerTurns() {
    Thread finalizer = null;
    for (Thread thread : platformThreads()) {
      if (thread.getClass().getName().equals("java.lang.ref.Finalizer$FinalizerThread")) {
        finalizer = thread;
      }
    }
    if (finalizer == null) {
      return 0; // finalization is disabled in this JVM
    }
    ThreadInfo info = ManagementFactory.getThreadMXBean().getThreadInfo(finalizer.threadId());
    // Whoever is handed to the queue wakes the thread, which waits once more when it is done.
    return info == null
            || info.getThreadState() != Thread.State.WAITING
            || ManagementFactory.getMemoryMXBean().getObjectPendingFinalizationCount() > 0
        ? -1
        : info.getWaitedCount();
  }

  @Override
  public long interruptions() {
    return interruptions.get();
  }

  @Override
  public Object lock() {
    return lock;
  }

  @Override
  public Set<Thread> platformThreads() {
    ThreadGroup group = Thread.currentThread().getThreadGroup();
    if (group == null) {
      return Set.of();
    }
    while (group.getParent() != null) {
      group = group.getParent();
    }
    Thread[] threads = new Thread[group.activeCount() * 2 + 16];
    int n = group.enumerate(threads, true);
    while (n == threads.length) {
      threads = new Thread[n * 2];
      n = group.enumerate(threads, true);
    }
    return Set.of(java.util.Arrays.copyOf(threads, n));
  }

  @Override
  public Locks locks(Thread thread) {
    MethodHandle of = snapshot;
    MethodHandle stateOf = snapshotState;
    MethodHandle parked = parkBlocker;
    MethodHandle blocked = blockedOn;
    MethodHandle waiting = waitingOn;
    MethodHandle owns = ownsMonitors;
    MethodHandle owned = ownedMonitorsAt;
    MethodHandle frames = snapshotStack;
    if (of == null
        || stateOf == null
        || parked == null
        || blocked == null
        || waiting == null
        || owns == null
        || owned == null
        || frames == null) {
      return Locks.NONE;
    }
    try {
      Object taken = (Object) of.invokeExact(thread);
      if (taken == null) {
        return Locks.NONE; // ended
      }
      // Each of the three may be asked in its state only.
      Object object =
          switch ((Thread.State) stateOf.invokeExact(taken)) {
            case BLOCKED -> (Object) blocked.invokeExact(taken);
            case WAITING, TIMED_WAITING -> {
              Object blocker = (Object) parked.invokeExact(taken);
              yield blocker != null ? blocker : (Object) waiting.invokeExact(taken);
            }
            case NEW, RUNNABLE, TERMINATED -> null;
          };
      List<Object> entered = new ArrayList<>();
      StackTraceElement[] stack = (StackTraceElement[]) frames.invokeExact(taken);
      if ((boolean) owns.invokeExact(taken)) {
        for (int i = 0; i < stack.length; i++) {
          Stream<?> monitors = (Stream<?>) (Stream) owned.invokeExact(taken, i);
          monitors.filter(Objects::nonNull).forEach(entered::add);
        }
      }
      // A monitor that is waited on is given up meanwhile, though the VM lists it. Which one that
      // is the VM cannot tell of compiled frames.
      String doubt = "";
      if (stack.length > 0 && isWait(stack[0])) {
        if (object == null && entered.size() == 1) {
          object = entered.getFirst();
        }
        if (object != null) {
          Object given = object;
          entered.removeIf(monitor -> monitor == given);
        } else {
          doubt = ", or waits on it";
        }
      }
      List<String> holds = new ArrayList<>();
      for (Object monitor : entered) {
        holds.add(nameOf(monitor) + doubt);
      }
      return new Locks(object == null ? "" : nameOf(object), owner(object), holds);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  private static boolean isWait(StackTraceElement frame) {
    return frame.getClassName().equals("java.lang.Object")
        && frame.getMethodName().startsWith("wait");
  }

  private OptionalLong owner(@Nullable Object object) throws Throwable {
    MethodHandle get = exclusiveOwner;
    if (get == null || !(object instanceof AbstractOwnableSynchronizer lock)) {
      return OptionalLong.empty();
    }
    Thread owner = (Thread) get.invokeExact(lock);
    return owner == null ? OptionalLong.empty() : OptionalLong.of(owner.threadId());
  }

  private static String nameOf(Object object) {
    return "<0x"
        + Integer.toHexString(System.identityHashCode(object))
        + "> (a "
        + Frames.className(object.getClass().getName())
        + ")";
  }

  @Override
  public Map<String, List<?>> endings() {
    return Endings.list();
  }

  @Override
  public StackTraceElement[] stack(Thread thread) {
    return thread.getStackTrace();
  }

  @Override
  public StackTable stackTable(boolean recognise) {
    return new StackTable(this, recognise && state != null && tail != null);
  }

  static RuntimeException unexpected(Throwable t) {
    if (t instanceof Error error) {
      throw error;
    }
    return t instanceof RuntimeException runtime ? runtime : new IllegalStateException(t);
  }
}
