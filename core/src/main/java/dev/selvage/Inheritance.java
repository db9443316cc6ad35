package dev.selvage;

import org.jspecify.annotations.Nullable;

/**
 * Carries something from the thread that starts a goroutine to the goroutine: the fields of a
 * logging library's MDC, a tracer's span, a security identity. A library that keeps such a thing in
 * a thread-local variable registers how to hand it on:
 *
 * <pre>{@code
 * Inheritance.register(new Inheritance<Map<String, String>>() {
 *   public Map<String, String> capture() { return MDC.getCopyOfContextMap(); }
 *   public void install(Map<String, String> fields) { MDC.setContextMap(fields); }
 *   public void remove(Map<String, String> fields) { MDC.clear(); }
 * });
 * }</pre>
 *
 * <p>It applies to every goroutine started afterwards, however it is started. While none is
 * registered it costs nothing; one that captures nothing costs one call. What was captured is held
 * by the goroutine until its task ends. All methods must be quick and must not block, since {@link
 * #capture} also runs on the thread that fires timers, when a timer's function is started.
 *
 * @param <T> what is carried; best something immutable, as starter and goroutine share it
 */
public interface Inheritance<T> {
  /**
   * Takes what the current thread has, which starts a goroutine just now. What it throws is thrown
   * to the starter, and nothing is started.
   *
   * @return null if there is nothing to carry; then the other methods are not called
   */
  @Nullable T capture();

  /**
   * Gives it to the current thread, the goroutine, before its task begins. What it throws ends the
   * goroutine as an exception that the task did not catch.
   */
  void install(T captured);

  /** Takes it away from the goroutine when its task has ended, in whatever way. */
  void remove(T captured);

  /** An inheritance that applies until it is closed. */
  interface Registration extends AutoCloseable {
    /** Ends it, for goroutines that are started afterwards. Has no effect the second time. */
    @Override
    void close();
  }

  /**
   * Registers an inheritance. Several are installed in the order of their registration, and removed
   * in the opposite order.
   */
  static Registration register(Inheritance<?> inheritance) {
    return Inheritances.register(inheritance);
  }
}
