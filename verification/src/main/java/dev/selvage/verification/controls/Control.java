package dev.selvage.verification.controls;

/** Threads that must not be reported. One instance lives as long as its JVM. */
public interface Control {
  /** Starts them, through {@link Waiters}, and returns without waiting for them. */
  void start() throws Exception;

  /** Ends their wait; does nothing where they end by themselves. */
  void wake() throws Exception;
}
