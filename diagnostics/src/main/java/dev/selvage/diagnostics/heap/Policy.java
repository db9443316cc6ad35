package dev.selvage.diagnostics.heap;

import java.util.Set;

/** What references of the JDK and of Selvage mean for who can wake whom. */
final class Policy {
  /** What somebody who can reach the holder of a thread can do to it. */
  enum Role {
    /** Nothing: the thread's own parts, and lists that only list. */
    NOBODY,
    /** Interrupt it, as a pool or a server does at its end. */
    HOLDER,
    /** Wake it. */
    WAKER
  }

  /** What only the virtual thread itself uses. */
  private static final Set<String> OWN_OF_THREAD =
      Set.of(
          "parkBlocker",
          "threadLocals",
          "inheritableThreadLocals",
          "scopedValueBindings",
          "headStackableScopes",
          "cont");

  private static final Set<String> OWN_OF_VIRTUAL = Set.of("cont", "termination");

  /** Fields by which collections of the JDK refer to what the program put there. */
  private static final Set<String> ELEMENTS =
      Set.of("item", "val", "value", "key", "element", "result", "referent", "e0", "e1", "e");

  private static final String OWNABLE = "java/util/concurrent/locks/AbstractOwnableSynchronizer";

  private Policy() {}

  /** What a reference in the instances of a class means. */
  static HeapClass.Use use(HeapClass c, HeapClass owner, String field) {
    if (owner.name.equals("java/lang/ref/Reference")
        && field.equals("referent")
        && c.is("java/lang/ref/PhantomReference")) {
      return HeapClass.Use.IGNORED;
    }
    // The JDK's own kinds do nothing when they are handed over, but for those that a list holds.
    if (owner.name.equals("java/lang/ref/Reference")
        && field.equals("queue")
        && !isOfTheJdk(c.name)) {
      return HeapClass.Use.QUEUE;
    }
    if (c.name.equals(HeapGraph.VIRTUAL_THREAD)) {
      boolean own =
          owner.name.equals(HeapGraph.VIRTUAL_THREAD)
              ? OWN_OF_VIRTUAL.contains(field)
              : owner.name.equals("java/lang/Thread") && OWN_OF_THREAD.contains(field);
      return own ? HeapClass.Use.OWN : HeapClass.Use.FOLLOWED;
    }
    return HeapClass.Use.FOLLOWED;
  }

  /**
   * What who can reach an object can do to a virtual thread that the object refers to. What of the
   * JDK is not known here counts as a waker; so does a task's own future, by which it is cancelled:
   * programs do that after a time limit, not only at their end.
   *
   * @param holder the object's class
   * @param owner the class that declares the field
   */
  static Role role(String holder, String owner, String field) {
    if (holder.startsWith("java/lang/VirtualThread$")
        || owner.equals(OWNABLE)
        || (owner.startsWith("jdk/internal/vm/") && field.equals("owner"))
        || holder.equals("dev/selvage/internal/Roster$Entry")
        || holder.startsWith("dev/selvage/internal/trace/")
        || holder.startsWith("dev/selvage/diagnostics/")) {
      return Role.NOBODY;
    }
    if (isSelvage(owner)) {
      return Role.WAKER;
    }
    if (!isJdk(owner)) {
      return Role.HOLDER;
    }
    boolean collection =
        (owner.startsWith("java/util/") && !owner.startsWith("java/util/concurrent/"))
            || owner.startsWith("java/util/concurrent/atomic/")
            || ELEMENTS.contains(field);
    boolean interrupter =
        owner.equals("java/util/concurrent/ThreadPoolExecutor$Worker") && field.equals("thread");
    return collection || interrupter ? Role.HOLDER : Role.WAKER;
  }

  /** Whether that is how a lock refers to the thread that has it. */
  static boolean isOwner(HeapClass.Ref ref) {
    return ref.owner().name.equals(OWNABLE);
  }

  /** Whether it is a lock of the program's that extends the JDK's: those tell it who has them. */
  static boolean isOwnLock(HeapClass c) {
    return !isOfTheJdk(c.name)
        && !isSelvage(c.name)
        && (c.is("java/util/concurrent/locks/ReentrantLock")
            || c.is("java/util/concurrent/locks/ReentrantReadWriteLock"));
  }

  /**
   * Whether it is a synchronizer of the program: whom it lets through is for the program's code to
   * say, also to one who was unparked for no other reason than to ask again.
   */
  static boolean isOwnSynchronizer(HeapClass c) {
    return !isOfTheJdk(c.name) && !isSelvage(c.name) && c.is(OWNABLE);
  }

  /** Whether an object of that class is a part of a set of threads. */
  static boolean isPartOfSet(String name) {
    return name.startsWith("java/util/concurrent/ConcurrentHashMap")
        || name.startsWith("[Ljava/util/concurrent/ConcurrentHashMap$")
        || name.startsWith("java/util/Collections$")
        || name.startsWith("dev/selvage/diagnostics/jdk/")
        || name.startsWith("dev/selvage/internal/gmp/Listed");
  }

  /** Whether it can be of no library: some of those have names as {@code com.sun.jna}. */
  private static boolean isOfTheJdk(String internal) {
    return internal.startsWith("java/")
        || internal.startsWith("jdk/")
        || internal.startsWith("sun/");
  }

  /** Whether it may be of the JDK, which may wake by any field and in any frame. */
  static boolean isJdk(String internal) {
    return isOfTheJdk(internal) || internal.startsWith("javax/") || internal.startsWith("com/sun/");
  }

  static boolean isSelvage(String internal) {
    return internal.startsWith("dev/selvage/")
        && !internal.startsWith("dev/selvage/examples/")
        && !internal.startsWith("dev/selvage/verification/");
  }
}
