package dev.selvage.diagnostics.growth;

import dev.selvage.diagnostics.growth.Shapes.Shape;
import dev.selvage.diagnostics.growth.Shapes.Slot;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * How many entries a map or collection has, and what they are, read from its fields: no method of
 * it is called, so no lock is taken, no code of the program runs and nothing is expunged. Not for
 * several threads at once.
 */
final class Containers {

  /** Says what one entry is. The key is null in collections. */
  interface EntryVisitor {
    /** Takes one entry; false to see no more. */
    boolean entry(@Nullable Object key, @Nullable Object value);
  }

  /** How the size of a container is found. */
  private enum Kind {
    /** An int or long field has it. */
    FIELD,
    /** {@code ConcurrentHashMap}: a base and cells. */
    STRIPED_MAP,
    /** {@code ConcurrentSkipListMap}: an adder. */
    ADDER,
    /** The length of a copy-on-write array. */
    ARRAY,
    /** {@code ArrayDeque}: head and tail. */
    RING,
    /** A chain of nodes from {@code head}, to be counted. */
    CHAIN,
    /** An {@code AtomicInteger} has it. */
    ATOMIC,
    /** Another container does the work. */
    DELEGATE,
    /** A map or collection that the JDK did not bring. */
    FOREIGN,
    /** None, or one that cannot leak: weak, bounded, immutable. */
    NONE
  }

  private record Access(Kind kind, String field) {}

  private static final Access NONE = new Access(Kind.NONE, "");
  private static final Access FOREIGN = new Access(Kind.FOREIGN, "");

  private static final Map<String, Access> KNOWN =
      Map.ofEntries(
          Map.entry("java.util.HashMap", new Access(Kind.FIELD, "size")),
          Map.entry("java.util.TreeMap", new Access(Kind.FIELD, "size")),
          Map.entry("java.util.IdentityHashMap", new Access(Kind.FIELD, "size")),
          Map.entry("java.util.Hashtable", new Access(Kind.FIELD, "count")),
          Map.entry("java.util.Properties", new Access(Kind.DELEGATE, "map")),
          Map.entry("java.util.HashSet", new Access(Kind.DELEGATE, "map")),
          Map.entry("java.util.TreeSet", new Access(Kind.DELEGATE, "m")),
          Map.entry("java.util.ArrayList", new Access(Kind.FIELD, "size")),
          Map.entry("java.util.LinkedList", new Access(Kind.FIELD, "size")),
          Map.entry("java.util.Vector", new Access(Kind.FIELD, "elementCount")),
          Map.entry("java.util.PriorityQueue", new Access(Kind.FIELD, "size")),
          Map.entry("java.util.ArrayDeque", new Access(Kind.RING, "")),
          Map.entry("java.util.WeakHashMap", NONE),
          Map.entry("java.util.concurrent.ConcurrentHashMap", new Access(Kind.STRIPED_MAP, "")),
          Map.entry(
              "java.util.concurrent.ConcurrentHashMap$CollectionView",
              new Access(Kind.DELEGATE, "map")),
          Map.entry("java.util.concurrent.ConcurrentSkipListMap", new Access(Kind.ADDER, "adder")),
          Map.entry("java.util.concurrent.ConcurrentSkipListSet", new Access(Kind.DELEGATE, "m")),
          Map.entry("java.util.concurrent.CopyOnWriteArrayList", new Access(Kind.ARRAY, "array")),
          Map.entry("java.util.concurrent.CopyOnWriteArraySet", new Access(Kind.DELEGATE, "al")),
          Map.entry("java.util.concurrent.LinkedBlockingQueue", new Access(Kind.ATOMIC, "count")),
          Map.entry("java.util.concurrent.LinkedBlockingDeque", new Access(Kind.FIELD, "count")),
          Map.entry("java.util.concurrent.PriorityBlockingQueue", new Access(Kind.FIELD, "size")),
          Map.entry("java.util.concurrent.DelayQueue", new Access(Kind.DELEGATE, "q")),
          Map.entry("java.util.concurrent.ConcurrentLinkedQueue", new Access(Kind.CHAIN, "item")),
          Map.entry("java.util.concurrent.ConcurrentLinkedDeque", new Access(Kind.CHAIN, "item")),
          Map.entry("java.util.concurrent.LinkedTransferQueue", new Access(Kind.CHAIN, "item")),
          Map.entry("java.util.Collections$SynchronizedMap", new Access(Kind.DELEGATE, "m")),
          Map.entry("java.util.Collections$UnmodifiableMap", new Access(Kind.DELEGATE, "m")),
          Map.entry("java.util.Collections$CheckedMap", new Access(Kind.DELEGATE, "m")),
          Map.entry("java.util.Collections$SetFromMap", new Access(Kind.DELEGATE, "m")),
          Map.entry("java.util.Collections$SynchronizedCollection", new Access(Kind.DELEGATE, "c")),
          Map.entry("java.util.Collections$UnmodifiableCollection", new Access(Kind.DELEGATE, "c")),
          Map.entry("java.util.Collections$CheckedCollection", new Access(Kind.DELEGATE, "c")));

  private static final Set<String> SIZE_NAMES =
      Set.of("size", "_size", "count", "_count", "elementCount", "entryCount", "totalSize");

  /** Names by which a class says how many entries it will ever hold. */
  private static final Set<String> LIMIT_NAMES =
      Set.of(
          "maximum",
          "maximumSize",
          "maxSize",
          "maxEntries",
          "maxElements",
          "maxItems",
          "maxWeight",
          "maxCapacity",
          "capacity",
          "sizeLimit",
          "limit",
          "bound");

  /** Names by which a cache says that entries end by themselves. */
  private static final Set<String> EXPIRY_NAMES =
      Set.of(
          "expiresAfterWriteNanos",
          "expiresAfterAccessNanos",
          "expireAfterWriteNanos",
          "expireAfterAccessNanos");

  private static final int DEEPEST_DELEGATION = 5;
  private static final int LONGEST_CHAIN = 100_000;

  private final Shapes shapes;
  private final Map<Class<?>, Access> accesses = new WeakHashMap<>();

  Containers(Shapes shapes) {
    this.shapes = shapes;
  }

  /** Whether the JDK brought the part of it that holds the entries. */
  boolean isJdkContainer(Object it) {
    Kind kind = access(it.getClass()).kind();
    return kind != Kind.NONE && kind != Kind.FOREIGN;
  }

  /** What really holds the entries: the map in a set, the list in its synchronised view. */
  Object innermost(Object it) {
    Object at = it;
    for (int i = 0; i < DEEPEST_DELEGATION; i++) {
      Access access = access(at.getClass());
      Object next = access.kind() == Kind.DELEGATE ? shapes.get(at, access.field()) : null;
      if (next == null) {
        break;
      }
      at = next;
    }
    return at;
  }

  private Access access(Class<?> type) {
    return accesses.computeIfAbsent(type, Containers::find);
  }

  private static Access find(Class<?> type) {
    boolean ours = false;
    for (Class<?> c = type; c != null; c = c.getSuperclass()) {
      if (Names.isJdk(c)) {
        Access access = KNOWN.get(c.getName());
        if (access != null) {
          return access;
        }
      } else {
        ours = true;
      }
    }
    boolean container = Map.class.isAssignableFrom(type) || Collection.class.isAssignableFrom(type);
    return ours && container ? FOREIGN : NONE;
  }

  /** How many entries there are; -1 when it is no container or does not tell. */
  long size(Object container) {
    Object it = innermost(container);
    Access access = access(it.getClass());
    return switch (access.kind()) {
      case FIELD -> shapes.number(it, access.field());
      case STRIPED_MAP ->
          striped(shapes.number(it, "baseCount"), shapes.get(it, "counterCells"), "value");
      case ADDER -> adder(shapes.get(it, access.field()));
      case ARRAY -> shapes.get(it, access.field()) instanceof Object[] array ? array.length : -1;
      case RING -> ring(it);
      case CHAIN -> chain(it);
      case ATOMIC -> number(shapes.get(it, access.field()));
      case FOREIGN -> foreign(it);
      case DELEGATE, NONE -> ownStore(it);
    };
  }

  private long adder(@Nullable Object adder) {
    // A skip list makes its adder with the first entry.
    return adder == null
        ? 0
        : striped(shapes.number(adder, "base"), shapes.get(adder, "cells"), "value");
  }

  private long striped(long base, @Nullable Object cells, String field) {
    long sum = base;
    if (cells instanceof Object[] array) {
      for (Object cell : array) {
        sum += cell == null ? 0 : shapes.number(cell, field);
      }
    }
    return Math.max(0, sum);
  }

  private long ring(Object deque) {
    long head = shapes.number(deque, "head");
    long tail = shapes.number(deque, "tail");
    return shapes.get(deque, "elements") instanceof Object[] array
        ? (tail >= head ? tail - head : tail - head + array.length)
        : -1;
  }

  /** Counts nodes that have an item; -1 for a chain too long to count at every sample. */
  private long chain(Object queue) {
    long count = 0;
    int steps = 0;
    Object node = shapes.get(queue, "head");
    while (node != null) {
      if (++steps > LONGEST_CHAIN) {
        return -1;
      }
      count += shapes.get(node, "item") == null ? 0 : 1;
      Object next = shapes.get(node, "next");
      // A node that was taken out links to itself; what is left begins at the head again.
      node = next == node ? null : next;
    }
    return count;
  }

  private static long number(@Nullable Object value) {
    return switch (value) {
      case AtomicInteger n -> n.get();
      case AtomicLong n -> n.get();
      case null, default -> -1;
    };
  }

  private long foreign(Object it) {
    Shape shape = shapes.of(it.getClass());
    for (Slot slot : shape.numbers()) {
      if (SIZE_NAMES.contains(slot.name()) && !slot.declaring().startsWith("java.")) {
        return shapes.number(it, slot);
      }
    }
    for (Slot slot : shape.references()) {
      if (SIZE_NAMES.contains(slot.name())) {
        Object value = shapes.reader().reference(it, slot.offset());
        long atomic = number(value);
        if (atomic >= 0) {
          return atomic;
        }
        if (value != null && shapes.number(value, "base") >= 0) {
          return adder(value);
        }
      }
    }
    return segments(it);
  }

  /** Sums the parts of a map that is split for concurrency. */
  private long segments(Object it) {
    if (!(shapes.get(it, "segments") instanceof Object[] segments)) {
      return -1;
    }
    long sum = 0;
    for (Object segment : segments) {
      if (segment != null) {
        long count = Math.max(shapes.number(segment, "count"), shapes.number(segment, "size"));
        long atomic = number(shapes.get(segment, "count"));
        if (count < 0 && atomic < 0) {
          return -1;
        }
        sum += Math.max(count, atomic);
      }
    }
    return sum;
  }

  /** Of an object that is no collection but keeps a size beside an array or a map. */
  private long ownStore(Object it) {
    if (Names.isJdk(it.getClass())) {
      return -1;
    }
    Shape shape = shapes.of(it.getClass());
    for (Slot slot : shape.numbers()) {
      if (SIZE_NAMES.contains(slot.name()) && !slot.name().endsWith("ount")) {
        long size = shapes.number(it, slot);
        return size >= 0 && hasStore(it, shape, size) ? size : -1;
      }
    }
    return -1;
  }

  private boolean hasStore(Object it, Shape shape, long size) {
    for (Slot slot : shape.references()) {
      Object value = shapes.reader().reference(it, slot.offset());
      if ((value instanceof Object[] array && array.length >= size)
          || (slot.name().equals("map") && value != null && isJdkContainer(value))) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether an object that holds entries, or one through which they are reached, says that they go
   * by themselves: held weakly, or expiring.
   */
  boolean forgets(Object it) {
    if (hasReferenceQueue(it)) {
      return true;
    }
    for (Slot slot : shapes.of(it.getClass()).numbers()) {
      if (EXPIRY_NAMES.contains(slot.name()) && shapes.number(it, slot) > 0) {
        return true;
      }
    }
    if (shapes.get(it, "segments") instanceof Object[] segments
        && segments.length > 0
        && segments[0] != null) {
      Object manager = shapes.get(segments[0], "referenceManager");
      return hasReferenceQueue(segments[0]) || (manager != null && hasReferenceQueue(manager));
    }
    return false;
  }

  private boolean hasReferenceQueue(Object it) {
    for (Slot slot : shapes.of(it.getClass()).references()) {
      if (slot.descriptor().equals("Ljava/lang/ref/ReferenceQueue;")
          && shapes.reader().reference(it, slot.offset()) != null) {
        return true;
      }
    }
    return false;
  }

  /** How many entries the object says it will have at most; {@link Long#MAX_VALUE} for any. */
  long limit(Object it) {
    long limit = Long.MAX_VALUE;
    for (Slot slot : shapes.of(it.getClass()).numbers()) {
      if (LIMIT_NAMES.contains(slot.name())) {
        long value = shapes.number(it, slot);
        if (value > 0 && value < Integer.MAX_VALUE) {
          limit = Math.min(limit, value);
        }
      }
    }
    return limit;
  }

  /** Shows entries, at most {@code most} array places and nodes of them, in no order. */
  void entries(Object container, int most, EntryVisitor visitor) {
    Object it = innermost(container);
    Object segments = shapes.get(it, "segments");
    if (segments instanceof Object[] array) {
      for (Object segment : array) {
        if (segment != null && !table(segment, most, visitor)) {
          return;
        }
      }
    } else {
      table(it, most, visitor);
    }
  }

  private boolean table(Object it, int most, EntryVisitor visitor) {
    Object table = shapes.get(it, "table");
    if (table == null) {
      table = shapes.get(it, "entries");
    }
    if (table != null && !(table instanceof Object[])) {
      // An AtomicReferenceArray.
      table = shapes.get(table, "array");
    }
    if (table instanceof Object[] buckets) {
      return it instanceof IdentityHashMap
          ? pairs(buckets, most, visitor)
          : buckets(buckets, most, visitor);
    }
    Object root = shapes.get(it, "root");
    if (root != null) {
      return tree(root, most, visitor);
    }
    for (String name : new String[] {"elementData", "elements", "queue", "array", "items"}) {
      if (shapes.get(it, name) instanceof Object[] array) {
        return elements(array, most, visitor);
      }
    }
    for (String name : new String[] {"head", "first"}) {
      Object first = shapes.get(it, name);
      if (first != null) {
        // The head of a skip list is an index over its nodes.
        Object node = shapes.get(first, "node");
        return nodes(node == null ? first : node, most, visitor);
      }
    }
    return true;
  }

  private static boolean pairs(@Nullable Object[] table, int most, EntryVisitor visitor) {
    for (int i = 0; i + 1 < table.length && i < 2L * most; i += 2) {
      if (table[i] != null && !visitor.entry(table[i], table[i + 1])) {
        return false;
      }
    }
    return true;
  }

  private boolean buckets(@Nullable Object[] table, int most, EntryVisitor visitor) {
    for (int i = 0; i < table.length && i < 4L * most; i++) {
      Object node = table[i];
      if (node != null) {
        // A bin of a ConcurrentHashMap that became a tree keeps its nodes in a chain as well.
        Object first = shapes.get(node, "first");
        if (!nodes(first == null ? node : first, most, visitor)) {
          return false;
        }
      }
    }
    return true;
  }

  private boolean nodes(Object first, int most, EntryVisitor visitor) {
    Object node = first;
    for (int i = 0; node != null && i < most; i++) {
      Object key = shapes.get(node, "key");
      Object value = shapes.get(node, "value");
      if (value == null) {
        value = shapes.get(node, "val");
      }
      if (value == null) {
        value = shapes.get(node, "item");
      }
      if ((key != null || value != null) && !visitor.entry(key, value)) {
        return false;
      }
      Object next = shapes.get(node, "next");
      node = next == node ? null : next;
    }
    return true;
  }

  private boolean tree(Object root, int most, EntryVisitor visitor) {
    ArrayDeque<Object> open = new ArrayDeque<>();
    open.add(root);
    for (int i = 0; i < most && !open.isEmpty(); i++) {
      Object node = open.remove();
      if (!visitor.entry(shapes.get(node, "key"), shapes.get(node, "value"))) {
        return false;
      }
      for (String side : new String[] {"left", "right"}) {
        Object child = shapes.get(node, side);
        if (child != null) {
          open.add(child);
        }
      }
    }
    return true;
  }

  private static boolean elements(@Nullable Object[] array, int most, EntryVisitor visitor) {
    for (int i = 0; i < array.length && i < most; i++) {
      if (array[i] != null && !visitor.entry(null, array[i])) {
        return false;
      }
    }
    return true;
  }
}
