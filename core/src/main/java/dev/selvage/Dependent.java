package dev.selvage;

/** Who must know when a context is cancelled: a derived context, a scope, a function to run. */
interface Dependent {
  /**
   * Is told how the context ended, by whoever cancels it, perhaps more than once. Must not block.
   */
  void cancelled(Cancellation.Ending ending);
}
