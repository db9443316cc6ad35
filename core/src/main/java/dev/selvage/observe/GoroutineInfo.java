package dev.selvage.observe;

import dev.selvage.internal.Roster;
import dev.selvage.internal.Waiter;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A goroutine as it was at one moment; or any other thread that waits in an operation of Selvage.
 * It holds neither the thread nor what that waits on: who keeps one keeps nothing of the program
 * alive, but for the strings. Immutable.
 */
public final class GoroutineInfo {
  private final WeakReference<Thread> thread;
  private final long id;
  private final String name;
  private final Map<String, String> labels;
  private final Thread.State state;
  private final @Nullable Wait wait;

  private GoroutineInfo(Thread thread) {
    this.thread = new WeakReference<>(thread);
    this.id = thread.threadId();
    this.name = thread.getName();
    Roster.Member member = Roster.member(thread);
    this.labels = member == null ? Map.of() : member.describe().labels();
    this.state = thread.getState();
    this.wait = Wait.of(thread);
  }

  /** What a thread, of whatever kind, does now. */
  public static GoroutineInfo of(Thread thread) {
    return new GoroutineInfo(thread);
  }

  /** The identifier of its thread: unique in this JVM, and what every dump shows. */
  public long id() {
    return id;
  }

  /** The name of its thread; empty if it has none. */
  public String name() {
    return name;
  }

  /** The labels that are in force in it, by key; none for what is no goroutine. */
  public Map<String, String> labels() {
    return labels;
  }

  /** What its thread does. */
  public Thread.State state() {
    return state;
  }

  /** Why it waits, if it waits in an operation of Selvage. */
  public Optional<WaitReason> waitReason() {
    return Optional.ofNullable(wait).map(Wait::reason);
  }

  /**
   * For how long it has been waiting, if it waits in an operation of Selvage. Never more than is
   * true. Under the scheduler of the JDK it is exact but for the instructions between entering a
   * queue and parking. A scheduler of ours that stamps waits by ticks rounds to the next tick: the
   * wait is then said to be shorter, by one tick (some 10 ms, more only if the machine is too busy
   * to tick) when it is young, by 1/64 of it when it is old.
   */
  public Optional<Duration> waitTime() {
    return Optional.ofNullable(wait).map(w -> Duration.ofNanos(w.nanos));
  }

  /** What it waits on; a select has several, a sleep none. */
  public List<WaitObject> waitObjects() {
    return wait == null ? List.of() : wait.objects;
  }

  /**
   * Where it is now, leaf first. Unlike all else it is asked for only here, and can be expensive;
   * empty when the thread has ended or was collected.
   */
  public List<StackTraceElement> stack() {
    Thread t = thread.get();
    return t == null ? List.of() : List.of(t.getStackTrace());
  }

  /** As {@code goroutine 12 [chan receive, chan(0/0)@1b2c3d4] quote-1}. */
  @Override
  public String toString() {
    return "goroutine " + id + " [" + status() + "]" + (name.isEmpty() ? "" : " " + name);
  }

  /** What it does, in a few words. */
  private String status() {
    if (wait == null) {
      return state.toString();
    }
    StringBuilder text = new StringBuilder(wait.reason.text());
    for (WaitObject object : wait.objects) {
      text.append(", ").append(object);
    }
    return text.toString();
  }

  Map<String, Object> toMap() {
    Map<String, Object> map = wait == null ? new HashMap<>() : wait.toMap();
    map.put("id", id);
    map.put("name", name);
    map.put("labels", labels);
    map.put("state", state.toString());
    return map;
  }

  /**
   * What is waited on, without holding it.
   *
   * @param className the name of its class
   * @param identity its identity hash code, to tell apart those of one class
   * @param text what it says of itself, as {@code chan(2/10)}
   */
  public record WaitObject(String className, int identity, String text) {
    static WaitObject of(Object object) {
      return new WaitObject(
          object.getClass().getName(), System.identityHashCode(object), String.valueOf(object));
    }

    /** As {@code chan(2/10)@1b2c3d4}. */
    @Override
    public String toString() {
      return text + "@" + Integer.toHexString(identity);
    }
  }

  /** A wait in an operation of ours. */
  record Wait(WaitReason reason, long nanos, List<WaitObject> objects) {
    static @Nullable Wait of(Thread thread) {
      if (!(LockSupport.getBlocker(thread) instanceof Waiter waiter)
          || !(waiter.reason() instanceof WaitReason reason)) {
        return null;
      }
      long nanos = waiter.waitedNanos();
      return nanos < 0
          ? null
          : new Wait(reason, nanos, waiter.objects().stream().map(WaitObject::of).toList());
    }

    Map<String, Object> toMap() {
      List<Map<String, Object>> list = new ArrayList<>(objects.size());
      for (WaitObject object : objects) {
        list.add(
            Map.of(
                "class", object.className,
                "identity", object.identity,
                "text", object.text));
      }
      Map<String, Object> map = new HashMap<>();
      map.put("reason", reason.text());
      map.put("waitNanos", nanos);
      map.put("objects", list);
      return map;
    }
  }
}
