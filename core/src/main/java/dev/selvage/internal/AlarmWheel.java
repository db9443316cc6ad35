package dev.selvage.internal;

import dev.selvage.internal.Alarms.Alarm;
import org.jspecify.annotations.Nullable;

/**
 * The alarms of one time scale, in the order of their times; those of the same time in the order in
 * which they were added (unless one is added while {@link #collect} is in the middle of a slot with
 * hundreds). Not thread-safe: whoever owns it has a lock.
 *
 * <p>Adding, taking away and moving cost the same with ten alarms as with ten million, and allocate
 * nothing, so they cannot fail. An alarm is moved on at most ten times before it is due, mostly
 * fewer.
 */
final class AlarmWheel {
  /*
   * A hierarchical timing wheel (Varghese and Lauck, SOSP 1987) that counts single nanoseconds, or a
   * radix heap (Ahuja, Mehlhorn, Orlin, Tarjan, 1990), which is the same seen from the other side.
   * Times are numbers of eleven digits of six bits. An alarm lies at the level of the highest digit
   * in which its time differs from the position, in the slot that this digit of its time names:
   *
   *   position   0  3 17 42
   *   alarm      0  3 20  1    level 1, slot 20
   *   alarm      0  3 17 50    level 0, slot 50
   *
   * Invariants
   *  1. All times are later than the position, or the alarm lies in the slot of the position at
   *     level 0, which is: due.
   *  2. So all alarms of a level are earlier than all of the levels above it, and a slot is earlier
   *     than the next one of its level. The first slot is found by counting zeros in two words.
   *  3. A bit of `occupied` is set exactly if the slot has alarms and is not the one being opened.
   *  4. `opening` is the slot whose alarms are being moved down, or -1. The position lies in it, and
   *     before or at its first alarm; so no alarm is added to it (at level 0: only what is due as
   *     well), and all other slots that had alarms then are later.
   *  5. Alarm.state of an alarm in the wheel is the number of its slot. It is in exactly one list,
   *     and its links are null while it is in none.
   *
   * The position never passes the start of a slot that has alarms without opening it, nor the time
   * of the owner. Between the two it may move freely: nothing between it and the first slot changes
   * its level.
   *
   * Opening a slot with a million alarms takes a while. It is done in portions, between which the
   * owner gives its lock back.
   */
  private static final int BITS = 6;
  private static final int SLOTS = 1 << BITS;
  private static final int LEVELS = (Long.SIZE + BITS - 1) / BITS;

  /** How many alarms are looked through to find the earliest of a slot. */
  private static final int FEW = 16;

  /** How many alarms are moved at most in one call of {@link #collect}. */
  private static final int PORTION = 512;

  // The first of each list, whose previous is the last of the list.
  private final @Nullable Alarm[] lists = new Alarm[LEVELS * SLOTS];
  private final long[] occupied = new long[LEVELS];
  private int levels; // bit l says that occupied[l] is not zero
  private int opening = -1;
  private long position;
  private int size;

  /** How many alarms there are. */
  int size() {
    return size;
  }

  /** Adds an alarm that is not in the wheel. One whose time has passed is due first of all. */
  void add(Alarm alarm, long when) {
    alarm.when = when;
    size++;
    put(alarm);
  }

  /** Takes out an alarm that is in the wheel. */
  void remove(Alarm alarm) {
    unlink(alarm);
    size--;
  }

  /**
   * Takes out alarms that are due, the earliest first.
   *
   * @param due where to put them; their state becomes {@link Alarm#DUE}
   * @return how many; if that is 0, {@link #next} says what there is to wait for
   */
  int collect(long now, @Nullable Alarm[] due) {
    int count = 0;
    for (int moved = 0; count < due.length && moved < PORTION; moved++) {
      if (opening < 0 && !open(now)) {
        break;
      }
      Alarm alarm = head(opening);
      unlink(alarm);
      if (alarm.when <= position) {
        size--;
        alarm.moved(Alarm.DUE);
        due[count++] = alarm;
      } else {
        put(alarm);
      }
    }
    return count;
  }

  /**
   * The time at which {@link #collect} has something to do: that of the earliest alarm, or a bit
   * before; {@link Alarms#NEVER} if there is none.
   */
  long next() {
    if (opening >= 0) {
      return position;
    }
    int slot = first();
    if (slot < 0) {
      return Alarms.NEVER;
    }
    long earliest = earliest(slot, FEW);
    return earliest == Alarms.NEVER ? start(slot) : earliest;
  }

  /** The time of the earliest alarm, exactly; {@link Alarms#NEVER} if there is none. */
  long earliest() {
    long earliest = Alarms.NEVER;
    if (opening >= 0) {
      earliest = earliest(opening, Integer.MAX_VALUE);
    }
    int slot = first();
    return slot < 0 ? earliest : Math.min(earliest, earliest(slot, Integer.MAX_VALUE));
  }

  // --------------- Slots ---------------

  /** Opens the first slot if something in it may be due. */
  private boolean open(long now) {
    int slot = first();
    long start = slot < 0 ? Alarms.NEVER : start(slot);
    if (start > now) {
      position = now;
      return false;
    }
    long earliest = earliest(slot, FEW);
    if (earliest == Alarms.NEVER) {
      position = start;
    } else if (earliest <= now) {
      position = earliest;
    } else {
      return false; // a few that come later: to move them now would only mean to wake up again
    }
    clear(slot);
    opening = slot;
    return true;
  }

  private int first() {
    if (levels == 0) {
      return -1;
    }
    int level = Integer.numberOfTrailingZeros(levels);
    return level * SLOTS + Long.numberOfTrailingZeros(occupied[level]);
  }

  private long start(int slot) {
    int level = slot / SLOTS;
    int above = BITS * (level + 1);
    long prefix = above < Long.SIZE ? position >>> above << above : 0;
    return prefix | ((long) (slot % SLOTS) << (BITS * level));
  }

  /** The earliest time in a slot; {@link Alarms#NEVER} if it has more than so many alarms. */
  private long earliest(int slot, int most) {
    Alarm head = head(slot);
    Alarm alarm = head;
    long earliest = Alarms.NEVER;
    for (int i = 0; i < most; i++) {
      earliest = Math.min(earliest, alarm.when);
      alarm = alarm.following();
      if (alarm == head) {
        return earliest;
      }
    }
    return Alarms.NEVER;
  }

  private Alarm head(int slot) {
    Alarm head = lists[slot];
    if (head == null) {
      throw new IllegalStateException("no alarm in slot " + slot + " of the wheel");
    }
    return head;
  }

  private void set(int slot) {
    int level = slot / SLOTS;
    occupied[level] |= 1L << slot % SLOTS;
    levels |= 1 << level;
  }

  private void clear(int slot) {
    int level = slot / SLOTS;
    if ((occupied[level] &= ~(1L << slot % SLOTS)) == 0) {
      levels &= ~(1 << level);
    }
  }

  // --------------- Lists ---------------

  private void put(Alarm alarm) {
    long when = Math.max(alarm.when, position);
    long differs = when ^ position;
    int level = differs == 0 ? 0 : (Long.SIZE - 1 - Long.numberOfLeadingZeros(differs)) / BITS;
    int slot = level * SLOTS + (int) ((when >>> (BITS * level)) & (SLOTS - 1));
    alarm.moved(slot);
    Alarm head = lists[slot];
    if (head == null) {
      alarm.next = alarm;
      alarm.previous = alarm;
      lists[slot] = alarm;
      set(slot);
    } else {
      Alarm last = head.preceding();
      alarm.next = head;
      alarm.previous = last;
      last.next = alarm;
      head.previous = alarm;
    }
  }

  private void unlink(Alarm alarm) {
    int slot = alarm.state;
    Alarm next = alarm.following();
    if (next == alarm) {
      lists[slot] = null;
      if (slot == opening) {
        opening = -1;
      } else {
        clear(slot);
      }
    } else {
      Alarm previous = alarm.preceding();
      previous.next = next;
      next.previous = previous;
      if (lists[slot] == alarm) {
        lists[slot] = next;
      }
    }
    alarm.next = null;
    alarm.previous = null;
  }
}
