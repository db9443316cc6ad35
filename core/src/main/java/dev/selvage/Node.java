package dev.selvage;

import dev.selvage.internal.Waiter;
import org.jspecify.annotations.Nullable;

/**
 * One operation that waits on one channel: a blocked send or receive, or one case of a select,
 * which then shares its waiter with the other cases. Go calls it a sudog.
 */
final class Node {
  final Waiter waiter;
  final Channel<?> channel;
  final boolean sending;

  /** The case of a reusable select that this is. Owner's. */
  Select.@Nullable Arm arm;

  /** A select leaves the case out while this is false. Owner's. */
  boolean enabled = true;

  /**
   * The value to send, or what was received. Written by the owner before the node is queued, by the
   * claimer of the waiter before it finishes, and by the owner after that.
   */
  @Nullable Object item;

  /** The outcome is that the channel is closed. Written like {@link #item}. */
  boolean closed;

  /**
   * When a select's case is carried out at once: the counterpart, claimed, still to be woken.
   * Owner's.
   */
  @Nullable Node partner;

  // Guarded by the channel's lock.
  boolean queued;
  @Nullable Node previous;
  @Nullable Node next;

  Node(Waiter waiter, Channel<?> channel, boolean sending) {
    this.waiter = waiter;
    this.channel = channel;
    this.sending = sending;
  }

  /** Lets the owner go on with this outcome. Only for who has claimed the waiter. */
  void wake() {
    waiter.finish(this);
  }
}
