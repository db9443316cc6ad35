package dev.selvage.examples.leaks;

/**
 * What the service does for one order. Each scenario has a leaky and a fixed step; both look right
 * to their caller, for they return in time. Many request threads may call one step at once.
 */
@FunctionalInterface
interface Step {

  /** Does its part of the order; blocks for some ten milliseconds at most. */
  void serve(Order order) throws Exception;
}
