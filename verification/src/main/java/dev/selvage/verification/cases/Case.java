package dev.selvage.verification.cases;

/**
 * A program with known leaks. It has a public constructor without parameters; one instance is used
 * once and then dropped, so nothing but the threads it started holds what they wait for.
 */
public interface Case {
  /** Starts threads and returns without waiting for them. */
  void start() throws Exception;
}
