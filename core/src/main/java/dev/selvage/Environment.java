package dev.selvage;

import dev.selvage.internal.LabelTrace;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a goroutine has from who started it, beside values that an {@link Inheritance} carries: its
 * context and its labels. Immutable, so goroutines share it; thread-safe.
 */
final class Environment {
  /*
   * Where a thread's environment is
   *  - goroutine: in its Routine, a field that only its own thread writes;
   *  - any other thread: bound to a scoped value for as long as Go.labelled or Go.withContext runs,
   *    so that a thread of a pool cannot keep it.
   * It refers to views of contexts only, never to the means of cancelling one.
   */
  static final Environment EMPTY = new Environment(null, Collections.emptySortedMap());

  private static final ScopedValue<Environment> ELSEWHERE = ScopedValue.newInstance();

  // Whether ELSEWHERE was ever bound. Plain, since it matters to threads that bound it or that were
  // started by one which had; to all others it saves the look.
  private static boolean usedElsewhere;

  private final @Nullable Context context;
  private final Map<String, String> labels;

  private Environment(@Nullable Context context, Map<String, String> labels) {
    this.context = context;
    this.labels = labels;
  }

  /** What is done in an environment. */
  interface Body<R extends @Nullable Object, X extends Exception> {
    R run() throws X;
  }

  /** That of the current thread. */
  static Environment current() {
    Routine routine = Routine.of(Thread.currentThread());
    if (routine != null) {
      return routine.environment();
    }
    return usedElsewhere ? ELSEWHERE.orElse(EMPTY) : EMPTY;
  }

  Context context() {
    Context c = context;
    return c == null ? Context.background() : c;
  }

  boolean hasContext() {
    return context != null;
  }

  /** The labels by key; cannot be changed. */
  Map<String, String> labels() {
    return labels;
  }

  Environment with(Context context) {
    Context view = context.view();
    return new Environment(view == Context.background() ? null : view, labels);
  }

  Environment with(Map<String, String> more) {
    TreeMap<String, String> all = new TreeMap<>(labels);
    more.forEach(
        (key, value) ->
            all.put(
                Objects.requireNonNull(key, "a label needs a key"),
                Objects.requireNonNull(value, () -> "the label " + key + " needs a value")));
    return new Environment(context, Collections.unmodifiableSortedMap(all));
  }

  /** Does something in this environment, on the current thread. */
  <R extends @Nullable Object, X extends Exception> R call(Body<? extends R, ? extends X> body)
      throws X {
    Routine routine = Routine.of(Thread.currentThread());
    if (routine == null) {
      usedElsewhere = true;
      Environment before = ELSEWHERE.orElse(EMPTY);
      tell(before);
      try {
        return ScopedValue.where(ELSEWHERE, this).<R, X>call(body::run);
      } finally {
        before.tell(this);
      }
    }
    Environment before = routine.environment();
    routine.setEnvironment(this);
    tell(before);
    try {
      return body.run();
    } finally {
      routine.setEnvironment(before);
      before.tell(this);
    }
  }

  /** Tells who traces labels that those of the current thread are now these. */
  private void tell(Environment before) {
    if (LabelTrace.isOn() && !labels.equals(before.labels)) {
      LabelTrace.tell(labels);
    }
  }
}
