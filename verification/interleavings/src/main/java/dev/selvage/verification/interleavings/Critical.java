package dev.selvage.verification.interleavings;

import java.util.concurrent.atomic.AtomicInteger;

/** A place where one writer may be at a time, or any number of readers; it sees when others are. */
final class Critical {
  // Volatile, so that the scheduler may switch at each access.
  private volatile int inside;
  private volatile int passed;
  private final AtomicInteger reading = new AtomicInteger();

  /** Goes through as a writer: alone. */
  @SuppressWarnings("NonAtomicVolatileUpdate") // that it is enough is what is tested
  void pass() {
    Race.same(0, inside, "threads inside on entering");
    inside = 1;
    passed = passed + 1;
    Race.same(1, inside, "threads inside on leaving");
    Race.same(0, reading.get(), "readers beside a writer");
    inside = 0;
  }

  /** Goes through as a reader: beside others, but not beside a writer. */
  void look() {
    reading.incrementAndGet();
    Race.same(0, inside, "writers inside when a reader enters");
    int before = passed;
    Race.same(before, passed, "writers that passed while a reader was inside");
    reading.decrementAndGet();
  }

  int passed() {
    return passed;
  }
}
