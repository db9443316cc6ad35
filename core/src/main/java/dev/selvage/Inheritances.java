package dev.selvage;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** All that is registered to be carried to goroutines. Thread-safe; nothing here blocks. */
final class Inheritances {
  private static final Carrier<?>[] NONE = {};

  // Copied on every change, under the class's monitor; read by every start.
  private static volatile Carrier<?>[] all = NONE;

  private Inheritances() {}

  private static final class Carrier<T> implements Inheritance.Registration {
    private final Inheritance<T> inheritance;

    Carrier(Inheritance<T> inheritance) {
      this.inheritance = inheritance;
    }

    @Nullable Carried<T> capture() {
      T captured = inheritance.capture();
      return captured == null ? null : new Carried<>(inheritance, captured);
    }

    @Override
    public void close() {
      change(list -> list.remove(this));
    }
  }

  private record Carried<T>(Inheritance<T> inheritance, T captured) {
    void install() {
      inheritance.install(captured);
    }

    void remove() {
      inheritance.remove(captured);
    }
  }

  static Inheritance.Registration register(Inheritance<?> inheritance) {
    Carrier<?> carrier = new Carrier<>(Objects.requireNonNull(inheritance, "inheritance"));
    change(list -> list.add(carrier));
    return carrier;
  }

  private static synchronized void change(Consumer<List<Carrier<?>>> change) {
    List<Carrier<?>> list = new ArrayList<>(List.of(all));
    change.accept(list);
    all = list.toArray(NONE);
  }

  /** The task, together with what the current thread has to hand on. */
  static Go.Action carry(Go.Action task) {
    Carrier<?>[] carriers = all;
    if (carriers.length == 0) {
      return task;
    }
    List<Carried<?>> load = new ArrayList<>(carriers.length);
    for (Carrier<?> carrier : carriers) {
      Carried<?> carried = carrier.capture();
      if (carried != null) {
        load.add(carried);
      }
    }
    return load.isEmpty() ? task : () -> run(task, load, 0);
  }

  private static void run(Go.Action task, List<Carried<?>> load, int from) throws Throwable {
    if (from == load.size()) {
      task.run();
      return;
    }
    Carried<?> carried = load.get(from);
    carried.install();
    Throwable failure = null;
    try {
      run(task, load, from + 1);
    } catch (Throwable e) {
      failure = e;
    }
    try {
      carried.remove();
    } catch (Throwable e) {
      if (failure == null) {
        failure = e;
      } else if (failure != e) {
        failure.addSuppressed(e);
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
