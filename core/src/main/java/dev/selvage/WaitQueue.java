package dev.selvage;

import org.jspecify.annotations.Nullable;

/**
 * The operations that wait on one side of a channel, oldest first. Guarded by the channel's lock.
 */
final class WaitQueue {
  private @Nullable Node first;
  private @Nullable Node last;
  private int size;

  void add(Node node) {
    Node l = last;
    node.previous = l;
    node.next = null;
    node.queued = true;
    if (l == null) {
      first = node;
    } else {
      l.next = node;
    }
    last = node;
    size++;
  }

  /** Takes a node out; does nothing when it is not in any queue. */
  void remove(Node node) {
    if (!node.queued) {
      return;
    }
    Node p = node.previous;
    Node n = node.next;
    if (p == null) {
      first = n;
    } else {
      p.next = n;
    }
    if (n == null) {
      last = p;
    } else {
      n.previous = p;
    }
    node.queued = false;
    node.previous = null;
    node.next = null;
    size--;
  }

  /**
   * Takes out the oldest node whose waiter nobody has claimed yet, and claims it: the caller must
   * give it an outcome and wake it. Older ones that were claimed by others fall out on the way.
   */
  @Nullable Node claimFirst() {
    for (Node node; (node = first) != null; ) {
      remove(node);
      if (node.waiter.claim()) {
        return node;
      }
    }
    return null;
  }

  boolean isEmpty() {
    return size == 0;
  }

  int size() {
    return size;
  }
}
