package dev.selvage.diagnostics.heap;

/**
 * How much memory it takes to judge a heap dump. {@link #heapBytes} is the bound that is stated. An
 * object of this class learns from the reader how large a dump is, so that it can be told what a
 * dump needs that did not fit. For one thread.
 */
public final class Footprint {
  /*
   * The most is there at once at the end of the second pass. Of each object: its identifier (9
   * bytes), its class, its size and its first edge (12), and some bits. While identifiers are
   * sorted it is 16, and there are no references. What can be woken is computed without
   * identifiers, with 4 to say by whom each was marked. All that is old; an eighth of the heap is
   * young, so what is counted here is an eighth and a little more.
   */
  private static final long OBJECT = 26;
  private static final long REFERENCE = 5;
  private static final long LOCAL = 24;
  private static final long THREAD = 600;

  /** Buffers, names, and the classes of the dump. */
  private static final long BASE = 96L << 20;

  // Where the reader has not come to references yet: programs have one or two an object.
  private static final long GUESSED_REFERENCES = 3;
  private static final long GUESSED_LOCALS = 20;
  private static final long UNKNOWN = -1;

  private long objects;
  private long threads;
  private long references = UNKNOWN;
  private long locals;

  /** Of a dump of which nothing is known yet. */
  public Footprint() {}

  /**
   * The size of a heap ({@code -Xmx}) that suffices for a dump, as the command runs: with the
   * serial collector and a young generation of an eighth.
   *
   * @param objects how many it has
   * @param references between them
   * @param locals variables on stacks that refer to an object
   * @param threads of all kinds
   */
  public static long heapBytes(long objects, long references, long locals, long threads) {
    return BASE + OBJECT * objects + REFERENCE * references + LOCAL * locals + THREAD * threads;
  }

  /** How many there are, or have been found in that share of the file. */
  void objects(int objects, int threads, double share) {
    this.objects = whole(objects, share);
    this.threads = whole(threads, share);
  }

  /** The same of references. */
  void references(int references, int locals, double share) {
    this.references = whole(references, share);
    this.locals = whole(locals, share);
  }

  private static long whole(int found, double share) {
    return share <= 0 ? found : (long) (found / share);
  }

  /** What the dump needs, as far as it is known by now. */
  public long heapBytes() {
    boolean guess = references == UNKNOWN;
    return heapBytes(
        objects,
        guess ? GUESSED_REFERENCES * objects : references,
        guess ? GUESSED_LOCALS * threads : locals,
        threads);
  }
}
