package dev.selvage.diagnostics.jdk;

import java.lang.ref.Reference;
import java.lang.ref.WeakReference;

/**
 * A thread that is held by nothing of ours except a pair of references: a weak one, which the
 * collector clears when nothing that lives can reach the thread, and a final one, which keeps the
 * thread in that very case. So the thread is never lost, and {@link #found} tells which case it
 * was.
 */
public final class HiddenThread {
  /*
   * Invariants.
   *  1. In one collection either both references are acted upon or none: the weak one is cleared
   *     and the final one becomes inactive (and with that a strong reference) in the same pause.
   *  2. An active final reference must not be read: the JDK reads it without the barrier that keeps
   *     a referent alive during concurrent marking. So the weak one is read first; only once it is
   *     clear is the final one read.
   *  3. Whoever hides threads keeps this object strongly reachable until it has been asked: a final
   *     reference that is itself unreachable is dropped, and the leak with it.
   */

  private final WeakReference<Thread> weak;
  private final Reference<Thread> last;

  HiddenThread(Thread thread, Reference<Thread> last) {
    this.weak = new WeakReference<>(thread);
    this.last = last;
  }

  /** The thread, whichever of the two references has it. */
  public Thread thread() {
    Thread thread = weak.get();
    if (thread == null) {
      thread = last.get();
    }
    if (thread == null) {
      throw new IllegalStateException(
          "a hidden thread was lost: final and weak reference are both clear");
    }
    return thread;
  }

  /** Whether a collection found that nothing that lives reaches the thread. */
  public boolean found() {
    return weak.refersTo(null);
  }
}
