package dev.selvage.verification.kernels;

/**
 * A kernel: a program with a known bug, and the same program without it. It has a public
 * constructor without parameters; each copy is an instance of its own, so nothing but the
 * goroutines that it started holds what they wait for.
 */
public interface Program {
  /** Starts one copy's goroutines and returns without waiting for them. */
  void start(Copy copy) throws Exception;

  /**
   * Which copy to start.
   *
   * @param number from 0
   * @param fixed whether to leave the bug out
   */
  record Copy(int number, boolean fixed) {}
}
