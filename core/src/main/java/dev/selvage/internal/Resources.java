package dev.selvage.internal;

import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What must be stopped by somebody some time: tickers, timers, contexts; with the place where each
 * was made. Thread-safe; nothing here blocks.
 */
public final class Resources {
  /*
   * Invariants
   *  1. ENTRIES refers to a resource, and to the thread that made it, only weakly.
   *  2. The entry of a resource that was collected leaves at the next registration or listing.
   */
  private static final int DEPTH = 32;
  private static final StackWalker WALKER = StackWalker.getInstance();
  private static final Set<Entry> ENTRIES = ConcurrentHashMap.newKeySet();
  private static final ReferenceQueue<Resource> COLLECTED = new ReferenceQueue<>();

  private Resources() {}

  /** Something that somebody should stop. */
  public interface Resource {
    /** Whether it still will do something, so that stopping it makes a difference. */
    boolean active();

    /** How many threads are blocked on it just now. */
    int waiters();

    /** What refers to it until it is stopped, if that is listed as well; null if nothing is. */
    default @Nullable Entry holder() {
      return null;
    }
  }

  /** A resource's place in the list; the resource may keep it. */
  public static final class Entry extends WeakReference<Resource> {
    private final String kind;
    private final List<StackWalker.StackFrame> frames;
    private final long made;
    private final String creatorName;
    private final WeakReference<Thread> creator;

    private Entry(Resource resource, String kind, List<StackWalker.StackFrame> frames) {
      super(resource, COLLECTED);
      this.kind = kind;
      this.frames = frames;
      this.made = System.nanoTime();
      Thread thread = Thread.currentThread();
      String name = thread.getName();
      this.creatorName = name.isEmpty() ? "#" + thread.threadId() : name;
      this.creator = new WeakReference<>(thread);
    }

    /** Lists it again after {@link #remove}. */
    public void add() {
      if (!ENTRIES.contains(this)) { // without a lock, as it mostly is there
        ENTRIES.add(this);
      }
    }

    /** Takes it out of the list, as nobody needs to stop it any more. */
    public void remove() {
      ENTRIES.remove(this);
    }

    private @Nullable Map<String, Object> describe() {
      Resource resource = get();
      if (resource == null || !resource.active()) {
        return null;
      }
      List<StackTraceElement> stack =
          frames.stream().map(StackWalker.StackFrame::toStackTraceElement).toList();
      Thread thread = creator.get();
      Map<String, Object> map = new HashMap<>();
      map.put("kind", kind);
      map.put("site", site(stack));
      map.put("stack", stack);
      map.put("ageNanos", System.nanoTime() - made);
      map.put("creator", creatorName);
      map.put("creatorEnded", thread == null || !thread.isAlive());
      map.put("waiters", resource.waiters());
      Entry holder = resource.holder();
      if (holder != null) {
        map.put(
            "heldBy",
            site(holder.frames.stream().map(StackWalker.StackFrame::toStackTraceElement).toList()));
      }
      return map;
    }

    private static String site(List<StackTraceElement> stack) {
      for (StackTraceElement element : stack) {
        if (isUsers(element.getClassName())) {
          return text(element);
        }
      }
      return "";
    }
  }

  /** Lists a resource that the current thread makes. */
  public static Entry register(Resource resource, String kind) {
    purge();
    List<StackWalker.StackFrame> frames =
        WALKER.walk(stack -> stack.dropWhile(f -> isOurs(f.getClassName())).limit(DEPTH).toList());
    Entry entry = new Entry(resource, kind, frames);
    entry.add();
    return entry;
  }

  /** One map for each active resource; {@code dev.selvage.observe.Probe} says what is in it. */
  public static List<Map<String, Object>> list() {
    purge();
    List<Map<String, Object>> list = new ArrayList<>();
    for (Entry entry : ENTRIES) {
      Map<String, Object> map = entry.describe();
      if (map != null) {
        list.add(map);
      }
    }
    return list;
  }

  private static void purge() {
    for (Reference<? extends Resource> gone; (gone = COLLECTED.poll()) != null; ) {
      ENTRIES.remove(gone);
    }
  }

  private static String text(StackTraceElement e) {
    return e.getClassName()
        + "."
        + e.getMethodName()
        + "("
        + (e.getFileName() == null ? "Unknown Source" : e.getFileName())
        + (e.getLineNumber() < 0 ? "" : ":" + e.getLineNumber())
        + ")";
  }

  /** Whether a class is neither of the JDK nor of the language. */
  public static boolean isUsers(String className) {
    return !isOurs(className)
        && !className.startsWith("java.")
        && !className.startsWith("javax.")
        && !className.startsWith("jdk.")
        && !className.startsWith("sun.")
        && !className.startsWith("com.sun.");
  }

  private static boolean isOurs(String className) {
    return className.startsWith("dev.selvage.")
        && !className.startsWith("dev.selvage.examples.")
        && !className.startsWith("dev.selvage.verification.");
  }
}
