package dev.selvage.observe;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A profile of the program's own: the stacks at which things were opened that have not been closed
 * yet, say (Go's {@code pprof.Profile}). It is served as {@code /debug/pprof/NAME} and listed on
 * the index.
 *
 * <pre>{@code
 * static final Profile CONNECTIONS = Profile.create("com.acme.connections");
 *
 * Connection open() { var c = …; CONNECTIONS.add(c, 0); return c; }
 * void close(Connection c) { CONNECTIONS.remove(c); … }
 * }</pre>
 *
 * <p>A profile holds what is added until it is removed, as in Go. So add what is closed in the end,
 * and not a channel or a lock that goroutines wait on: a leak on it could not be proven any more.
 * Values are told apart by identity. Thread-safe; nothing here blocks for longer than a short lock.
 */
public final class Profile {
  /*
   * A profile is never taken out of ALL: as in Go it belongs to a static variable. Each has a
   * monitor of its own that guards values, and under which nothing is taken; ALL's monitor likewise.
   */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");
  private static final int MOST_FRAMES = 128;
  private static final Map<String, Profile> ALL = new TreeMap<>();

  private static final List<String> RESERVED =
      List.of(
          "allocs",
          "block",
          "cmdline",
          "goroutine",
          "goroutineleak",
          "heap",
          "mutex",
          "oldobjects",
          "profile",
          "symbol",
          "threadcreate",
          "trace",
          "wall");

  private final String name;
  private final IdentityHashMap<Object, List<StackTraceElement>> values = new IdentityHashMap<>();

  private Profile(String name) {
    this.name = name;
  }

  /**
   * Makes a profile.
   *
   * @param name by convention with a prefix, as {@code com.acme.connections}: letters, digits,
   *     dots, hyphens and underscores
   * @throws IllegalArgumentException if it is none, or if there is a profile of that name
   */
  public static Profile create(String name) {
    Objects.requireNonNull(name, "name");
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "a profile's name has letters, digits and ._- only, not '" + name + "'");
    }
    if (RESERVED.contains(name)) {
      throw new IllegalArgumentException("pprof: NewProfile name already in use: " + name);
    }
    Profile profile = new Profile(name);
    synchronized (ALL) {
      if (ALL.putIfAbsent(name, profile) != null) {
        throw new IllegalArgumentException("pprof: NewProfile name already in use: " + name);
      }
      return profile;
    }
  }

  /** The profile of that name; null if nobody has made one. */
  public static @Nullable Profile lookup(String name) {
    synchronized (ALL) {
      return ALL.get(name);
    }
  }

  /** All that were made, by name. */
  public static List<Profile> all() {
    synchronized (ALL) {
      return List.copyOf(ALL.values());
    }
  }

  /** Its name. */
  public String name() {
    return name;
  }

  /** How many values it has. */
  public int count() {
    synchronized (values) {
      return values.size();
    }
  }

  /**
   * Adds a value with the current stack.
   *
   * @param skip how many of the callers to leave out; with 0 the stack begins at who calls this
   * @throws IllegalStateException if the value is in it already
   */
  public void add(Object value, int skip) {
    Objects.requireNonNull(value, "value");
    if (skip < 0) {
      throw new IllegalArgumentException("skip must not be negative, is " + skip);
    }
    StackTraceElement[] all = new Throwable().getStackTrace();
    int from = Math.min(all.length, 1 + skip);
    List<StackTraceElement> stack =
        List.of(Arrays.copyOfRange(all, from, Math.min(all.length, from + MOST_FRAMES)));
    synchronized (values) {
      if (values.putIfAbsent(value, stack) != null) {
        throw new IllegalStateException("pprof: Profile.Add of duplicate value");
      }
    }
  }

  /** Removes a value. Has no effect if it is not there. */
  public void remove(Object value) {
    synchronized (values) {
      values.remove(Objects.requireNonNull(value, "value"));
    }
  }

  /** The stack of each value, leaf first. */
  public List<List<StackTraceElement>> stacks() {
    synchronized (values) {
      return new ArrayList<>(values.values());
    }
  }

  /** As {@code com.acme.connections: 12}. */
  @Override
  public String toString() {
    return name + ": " + count();
  }
}
