package dev.selvage.sync;

import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * An action that runs once, when it is first called: Go's {@code sync.OnceFunc}. Made by {@link
 * Once#func}.
 *
 * <p>Thread-safe; {@link #run} blocks while another thread runs the action. What the action did
 * happens before every call returns, or throws what it threw.
 *
 * @param <X> what the action may throw
 */
public final class OnceFunc<X extends Exception> {
  private final OnceValue<@Nullable Void, X> outcome;

  OnceFunc(OnceValue<@Nullable Void, X> outcome) {
    this.outcome = outcome;
  }

  /**
   * Runs the action if that was not done; blocks while another thread does. After an {@link
   * InterruptedException} or a {@link CancellationException} of the action the next call runs it.
   *
   * @throws X what the action threw, whoever ran it: the same exception each time
   * @throws InterruptedException when interrupted before, while waiting, or in the action
   */
  public void run() throws X, InterruptedException {
    outcome.get();
  }

  /** As {@code OnceFunc(done)}, {@code OnceFunc(failed)}, {@code OnceFunc(not done)}. */
  @Override
  public String toString() {
    return "OnceFunc(" + outcome.state() + ")";
  }
}
