package dev.selvage.sync;

import org.jspecify.annotations.Nullable;

/**
 * Threads that wait for the same thing, oldest first. Guarded by the lock of what they wait for;
 * every method does a small, fixed amount of work, but {@link #wake}, which needs no lock.
 */
final class Waiters {
  /*
   * A doubly linked list through the places themselves.
   *
   * Invariants, under the lock
   *  1. A place is in the list exactly if its turn is the turn of the list. So detach(), which
   *     moves the list on to its next turn, takes all out at once without visiting them.
   *  2. The links of a place outside the list are null, but while the list in which it was
   *     detached has not been woken that far.
   *  3. Being in the list says nothing of whether the thread still waits: who gave up has claimed
   *     its own waiter, and takes its place out as soon as it gets the lock. So a place counts only
   *     for who claims its waiter.
   */
  private long turn = 1;
  private @Nullable Place first;
  private @Nullable Place last;
  private int size;

  /** Queues behind all others. */
  void addLast(Place place) {
    Place l = last;
    place.previous = l;
    if (l == null) {
      first = place;
    } else {
      l.next = place;
    }
    last = place;
    place.turn = turn;
    size++;
  }

  /** Queues before all others: for who has waited already. */
  void addFirst(Place place) {
    Place f = first;
    place.next = f;
    if (f == null) {
      last = place;
    } else {
      f.previous = place;
    }
    first = place;
    place.turn = turn;
    size++;
  }

  /** Takes out one that gave up; false when it has been taken out before. */
  boolean remove(Place place) {
    if (place.turn != turn) {
      return false;
    }
    Place p = place.previous;
    Place n = place.next;
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
    place.turn = 0;
    place.previous = null;
    place.next = null;
    size--;
    return true;
  }

  /** The oldest, which stays. */
  @Nullable Place first() {
    return first;
  }

  /** Takes out the oldest. */
  @Nullable Place poll() {
    Place f = first;
    if (f != null) {
      remove(f);
    }
    return f;
  }

  /** Takes out all. They are the caller's, to be given to {@link #wake} without the lock. */
  @Nullable Place detach() {
    Place list = first;
    first = null;
    last = null;
    size = 0;
    turn++;
    return list;
  }

  boolean isEmpty() {
    return first == null;
  }

  int size() {
    return size;
  }

  /**
   * Wakes all of a detached list that still wait, oldest first.
   *
   * @return how many had given up
   */
  static int wake(@Nullable Place list, Object winner) {
    int gone = 0;
    for (Place place = list; place != null; ) {
      Place next = place.next;
      place.previous = null;
      place.next = null;
      if (place.claim()) {
        place.finish(winner); // from here on the place is its thread's
      } else {
        gone++;
      }
      place = next;
    }
    return gone;
  }
}
