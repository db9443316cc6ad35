package dev.selvage.verification.interleavings;

/** A place where only one thread may be at a time; it sees when there are two. */
final class Critical {
  // Volatile, so that the scheduler may switch at each access.
  private volatile int inside;
  private volatile int passed;

  /** Goes through as a writer: alone. */
  @SuppressWarnings("NonAtomicVolatileUpdate") // that it is enough is what is tested
  void pass() {
    Race.same(0, inside, "threads inside on entering");
    inside = 1;
    passed = passed + 1;
    Race.same(1, inside, "threads inside on leaving");
    inside = 0;
  }

  int passed() {
    return passed;
  }
}
