package dev.selvage;

import dev.selvage.internal.Timeout;
import dev.selvage.internal.Waiter;
import dev.selvage.observe.WaitReason;
import org.jspecify.annotations.Nullable;

/** Waits that nothing but time can end. */
final class Waits {
  private Waits() {}

  /**
   * Parks for a time; for ever if it is {@link Long#MAX_VALUE}, and then nothing holds the thread.
   *
   * @throws InterruptedException when interrupted before the end
   */
  static void pause(WaitReason reason, @Nullable Object object, long nanos)
      throws InterruptedException {
    Timeout limit = Timeout.after(nanos);
    if (!Timeout.await(new Waiter(reason, object), limit)) {
      throw new InterruptedException();
    }
  }
}
