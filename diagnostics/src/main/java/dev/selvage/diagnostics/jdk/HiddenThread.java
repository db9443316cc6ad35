package dev.selvage.diagnostics.jdk;

import static java.lang.invoke.MethodType.methodType;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodHandles.Lookup;
import java.lang.ref.Reference;
import org.jspecify.annotations.Nullable;

/**
 * A thread that is held by nothing of ours except a final reference. That does not count when the
 * collector judges what lives, and keeps the thread all the same. So the thread is never lost, and
 * {@link #found} tells whether nothing that lives reaches it.
 */
public final class HiddenThread {
  /*
   * Invariants.
   *  1. A final reference is active until a collection finds that nothing that lives reaches its
   *     referent. In that very pause it becomes inactive, and with that a strong reference. It is
   *     never cleared, for it has no queue whose reader would.
   *  2. The VM marks an inactive one by linking it to itself. The JDK's own FinalReference.get must
   *     not be called before: it reads without the barrier that tells a concurrent collector about
   *     the new strong reference. Reference.get has that barrier, and serves in either case.
   *  3. Whoever hides threads keeps this object strongly reachable until it has been asked: a final
   *     reference that is itself unreachable is dropped, and the leak with it.
   */

  // Of a record, so that the compiler can take its parts for constants.
  private record Door(MethodHandle referent, MethodHandle next) {}

  private static final @Nullable Door DOOR = door();

  private final Reference<?> last;

  /**
   * Hides nothing by itself.
   *
   * @param last a final reference to the thread
   */
  HiddenThread(Reference<?> last) {
    this.last = last;
  }

  private static @Nullable Door door() {
    try {
      return open();
    } catch (ReflectiveOperationException | RuntimeException _) {
      return null; // java.lang.ref is not open, which whoever asks for handles reports
    }
  }

  private static Door open() throws ReflectiveOperationException {
    Class<?> last = Class.forName("java.lang.ref.FinalReference");
    Lookup lookup = MethodHandles.privateLookupIn(last, MethodHandles.lookup());
    return new Door(
        lookup
            .findSpecial(Reference.class, "get", methodType(Object.class), last)
            .asType(methodType(Object.class, Object.class)),
        MethodHandles.privateLookupIn(Reference.class, MethodHandles.lookup())
            .findGetter(Reference.class, "next", Reference.class)
            .asType(methodType(Object.class, Object.class)));
  }

  /** Throws why it cannot work in this JVM, if it cannot. */
  static void check() throws ReflectiveOperationException {
    if (DOOR == null) {
      Door _ = open();
    }
  }

  private static Door opened() {
    if (DOOR == null) {
      throw new IllegalStateException("java.base/java.lang.ref is not open");
    }
    return DOOR;
  }

  /** The referent of a final reference, active or not. */
  static @Nullable Object referent(Object last) {
    try {
      return (Object) opened().referent.invokeExact(last);
    } catch (Throwable t) {
      throw Jdk25.unexpected(t);
    }
  }

  /** The thread. */
  public Thread thread() {
    if (referent(last) instanceof Thread thread) {
      return thread;
    }
    throw new IllegalStateException("a hidden thread was lost: its final reference is clear");
  }

  /** Whether a collection found that nothing that lives reaches the thread. */
  public boolean found() {
    try {
      return (Object) opened().next.invokeExact((Object) last) != null;
    } catch (Throwable t) {
      throw Jdk25.unexpected(t);
    }
  }
}
