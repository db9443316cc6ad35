package dev.selvage.diagnostics.jdk;

import static java.lang.invoke.MethodType.methodType;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodHandles.Lookup;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads what the stack of an unmounted virtual thread looks like in memory, so that two stacks can
 * be found equal without walking either. Writes nothing. Any thread may use it.
 */
final class ChunkMemory {
  /*
   * The stack of an unmounted virtual thread lies in the heap, in a chain of chunks
   * (jdk.internal.vm.StackChunk). How the VM walks it (HotSpot 25, stackChunkFrameStream, x86-64): a
   * frame begins at its sp, and the word below that is its pc. The next frame of a compiled one
   * begins a fixed number of words further up, which the code at the pc tells. An interpreted frame
   * has its own fp in the second word below its sp, as a distance, and below that fp the distances
   * to its sender and its locals, its method, and its place in it. A compiled frame that was
   * deoptimised has the place where it stood in a slot of its own, as an address of code.
   *
   * So the walk, and which method stands where, are determined by
   *  (a) the number of words from the top to the end, and to the bottom,
   *  (b) the pc of each frame, and the original pc of a deoptimised one: addresses in the code cache,
   *  (c) of each interpreted frame the distances, the method and the place in it.
   *
   * The signature of a stack has (a); with its index, every word that is an address in the code
   * cache, whatever it is there for; and with each of these that lies in the interpreter, where the pc
   * of an interpreted frame does, what would be (c). That is more than what determines the walk, and
   * never less. (With the others (c) would be what compiled code happened to have in a register:
   * another number in each thread.)
   *
   * Claim: two stacks with equal signatures, both in memory at one moment, have the same frames. By
   * induction from the top: the first pc is the same word in both, so what is found there is the
   * same, so the next frame begins at the same place. Words that are in the signature needlessly
   * (left over from earlier calls) can make equal stacks look different, never the reverse. What is
   * found at an address is the same for both, since code is not moved, and neither code nor a method
   * is freed while a frame in a chunk that lives stands in it.
   *
   * A chunk that a collection has seen is in GC mode: the VM never freezes into it again, it only
   * takes frames out of it, from the top. So who finds such a chunk as the newest of its thread, with
   * the same sp, before and after, knows that the thread has not run in between. Of another chunk
   * that is not known: it is read twice, see read().
   *
   * Where things are: the declared fields are asked for by name. Where the stack begins in a chunk,
   * and where the code cache lies, HotSpot exports for its serviceability agent (gHotSpotVMStructs).
   * Where the flags are is found out: see ChunkFlags.
   * Whatever is not as expected costs the short cut and nothing else.
   */

  /** Set in the state of a thread while somebody walks its stack. */
  private static final int STATE_SUSPENDED = 1 << 8;

  /** What of an interpreted frame is in the signature, in words from its fp. */
  private static final int[] OF_INTERPRETED = {
    -1, // where its sender begins
    -2, // its last sp
    -3, // the method
    -7, // the locals, which tell whether it is the last frame
    -8, // the place in the method
  };

  /** The fp of an interpreted frame lies at least so many words above the word that tells it. */
  private static final int LEAST_LINK = 9;

  private static final int MOST_WORDS = 4_096; // of a signature; who has more is walked
  private static final int MOST_PER_WORD = 3 + OF_INTERPRETED.length;
  private static final int MOST_CHUNKS = 16;

  // Of a record, so that the compiler can take its parts for constants.
  private record Layout(
      MethodHandle longAt,
      MethodHandle intAt,
      MethodHandle byteAt,
      MethodHandle referenceAt,
      long state,
      long continuation,
      long child,
      long tail,
      long parent,
      long size,
      long sp,
      long bottom,
      long flags,
      long stack,
      long codeBegin,
      long codeSize,
      long interpreterBegin,
      long interpreterSize) {}

  private static final @Nullable Layout LAYOUT = layout();

  private ChunkMemory() {}

  /** Whether it can be read in this JVM. */
  static boolean isReadable() {
    return LAYOUT != null;
  }

  /** A signature, as {@link #read} found it. Used by one thread. */
  static final class Signature {
    private long[] words;
    private int length;
    private int hash;
    private @Nullable Object tail;
    private int sp;
    private boolean settled;

    Signature() {
      this(new long[MOST_WORDS], 0, 0);
    }

    private Signature(long[] words, int length, int hash) {
      this.words = words;
      this.length = length;
      this.hash = hash;
    }

    /** One that stays as it is when this one is read into again. */
    Signature copy() {
      Signature copy = new Signature(Arrays.copyOf(words, length), length, hash);
      copy.tail = tail;
      copy.sp = sp;
      copy.settled = settled;
      return copy;
    }

    /**
     * Whether the VM can only take frames out of the stack that it was read from, so that {@link
     * ChunkMemory#stays} tells whether it has.
     */
    boolean isSettled() {
      return settled;
    }

    /** Whether the stacks have the same frames. */
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Signature that
          && that.hash == hash
          && Arrays.equals(that.words, 0, that.length, words, 0, length);
    }

    @Override
    public int hashCode() {
      return hash;
    }
  }

  /**
   * Reads the signature of a thread's stack. It is that of one moment: of a settled chunk for
   * certain; of another one unless the thread ran in the middle of the first look at it, and ran
   * again in the middle of the second, and both times the same words had been seen before and
   * after.
   *
   * @return whether there is one: not for a thread that is mounted, runs meanwhile, or has a stack
   *     which is too large
   */
  static boolean read(Thread thread, Signature into) {
    if (!look(thread, into)) {
      return false;
    }
    if (into.settled) {
      return true;
    }
    int length = into.length;
    int hash = into.hash;
    Object tail = into.tail;
    return look(thread, into) && into.tail == tail && into.length == length && into.hash == hash;
  }

  /** Whether a thread has stayed where it was when a settled signature was read. */
  static boolean stays(Thread thread, Signature signature) {
    Layout layout = LAYOUT;
    if (layout == null || !signature.settled) {
      return false;
    }
    try {
      Object continuation =
          (Object) layout.referenceAt.invokeExact((Object) thread, layout.continuation);
      if (continuation == null) {
        return false;
      }
      Object tail = (Object) layout.referenceAt.invokeExact(continuation, layout.tail);
      return tail == signature.tail
          && (int) layout.intAt.invokeExact(tail, layout.sp) == signature.sp
          && isUnmounted((int) layout.intAt.invokeExact((Object) thread, layout.state));
    } catch (Throwable t) {
      throw Jdk25.unexpected(t);
    }
  }

  private static boolean isUnmounted(int state) {
    return switch (state & ~STATE_SUSPENDED) {
      case 4, 7, 9, 11, 13, 14, 16, 18 -> true;
      default -> false;
    };
  }

  private static boolean look(Thread thread, Signature into) {
    Layout layout = LAYOUT;
    if (layout == null) {
      return false;
    }
    try {
      int state = (int) layout.intAt.invokeExact((Object) thread, layout.state);
      if (!isUnmounted(state)) {
        return false;
      }
      Object continuation =
          (Object) layout.referenceAt.invokeExact((Object) thread, layout.continuation);
      if (continuation == null
          || (Object) layout.referenceAt.invokeExact(continuation, layout.child) != null) {
        return false;
      }
      Object tail = (Object) layout.referenceAt.invokeExact(continuation, layout.tail);
      if (tail == null) {
        return false;
      }
      int sp = (int) layout.intAt.invokeExact(tail, layout.sp);
      int flags = (byte) layout.byteAt.invokeExact(tail, layout.flags);
      VarHandle.acquireFence();
      if (!words(tail, into)) {
        return false;
      }
      VarHandle.acquireFence();
      into.tail = tail;
      into.sp = sp;
      into.settled = (flags & ChunkFlags.GC_MODE) != 0;
      int after = (int) layout.intAt.invokeExact((Object) thread, layout.state);
      return sp == (int) layout.intAt.invokeExact(tail, layout.sp)
          && tail == (Object) layout.referenceAt.invokeExact(continuation, layout.tail)
          && (state & ~STATE_SUSPENDED) == (after & ~STATE_SUSPENDED);
    } catch (Throwable t) {
      throw Jdk25.unexpected(t);
    }
  }

  private static boolean words(Object tail, Signature into) throws Throwable {
    // Asked for anew, not handed over: only so does the compiler see constants, and does not call
    // method handles for each word.
    Layout layout = LAYOUT;
    if (layout == null) {
      return false;
    }
    long[] words = into.words;
    int n = 0;
    long hash = 0;
    Object chunk = tail;
    for (int chunks = 0; chunk != null; chunks++) {
      int sp = (int) layout.intAt.invokeExact(chunk, layout.sp);
      int size = (int) layout.intAt.invokeExact(chunk, layout.size);
      int bottom = (int) layout.intAt.invokeExact(chunk, layout.bottom);
      if (sp < 2 || sp >= bottom || bottom > size || chunks == MOST_CHUNKS) {
        return false;
      }
      words[n++] = ((long) (size - sp) << 32) | (bottom - sp);
      for (int i = sp - 1; i < size; i++) {
        long word = (long) layout.longAt.invokeExact(chunk, layout.stack + i * 8L);
        if (Long.compareUnsigned(word - layout.codeBegin, layout.codeSize) >= 0) {
          continue;
        }
        if (n > words.length - MOST_PER_WORD - 1) {
          return false;
        }
        words[n++] = (long) i - sp;
        words[n++] = word;
        hash = (hash + word + i - sp) * 0x9E3779B97F4A7C15L;
        if (Long.compareUnsigned(word - layout.interpreterBegin, layout.interpreterSize) >= 0) {
          continue;
        }
        long link = (long) layout.longAt.invokeExact(chunk, layout.stack + (i - 1) * 8L);
        if (link >= LEAST_LINK && link < size - i) {
          int fp = i - 1 + (int) link;
          words[n++] = link;
          for (int offset : OF_INTERPRETED) {
            long of = (long) layout.longAt.invokeExact(chunk, layout.stack + (fp + offset) * 8L);
            words[n++] = of;
            hash = (hash + of) * 0x9E3779B97F4A7C15L;
          }
        }
      }
      chunk = (Object) layout.referenceAt.invokeExact(chunk, layout.parent);
    }
    into.length = n;
    into.hash = (int) (hash >>> 32);
    return true;
  }

  // ------------------------------------------------------------------ where things are

  /** The memory of this process, and the fields of objects by offset. */
  private record Memory(Lookup lookup, Class<?> type, Object unsafe) {
    static Memory open() throws Throwable {
      Class<?> type = Class.forName("jdk.internal.misc.Unsafe");
      Lookup lookup = MethodHandles.privateLookupIn(type, MethodHandles.lookup());
      return new Memory(
          lookup, type, lookup.findStatic(type, "getUnsafe", methodType(type)).invoke());
    }

    MethodHandle handle(String name, MethodType shape) throws ReflectiveOperationException {
      return lookup.findVirtual(type, name, shape).bindTo(unsafe);
    }

    long offset(Class<?> of, String field) throws Throwable {
      return (long)
          handle("objectFieldOffset", methodType(long.class, Class.class, String.class))
              .invokeExact(of, field);
    }
  }

  private static @Nullable Layout layout() {
    if (Runtime.version().feature() != 25 || !System.getProperty("os.arch", "").equals("amd64")) {
      return null; // other versions and processors lay out frames in another way
    }
    try {
      return layout(Memory.open());
    } catch (Throwable t) {
      if (t instanceof VirtualMachineError error) {
        throw error;
      }
      return null; // a package that is not open, or a VM that is built in another way
    }
  }

  private static @Nullable Layout layout(Memory memory) throws Throwable {
    MethodHandle longAt =
        memory.handle("getLong", methodType(long.class, Object.class, long.class));
    MethodHandle intAt = memory.handle("getInt", methodType(int.class, Object.class, long.class));
    MethodHandle byteAt =
        memory.handle("getByte", methodType(byte.class, Object.class, long.class));
    MethodHandle referenceAt =
        memory.handle("getReference", methodType(Object.class, Object.class, long.class));
    Class<?> thread = Class.forName("java.lang.VirtualThread");
    Class<?> continuation = Class.forName("jdk.internal.vm.Continuation");
    Class<?> chunk = Class.forName("jdk.internal.vm.StackChunk");
    VmStructs vm =
        VmStructs.read(
            memory.handle("getLong", methodType(long.class, long.class)),
            memory.handle("getInt", methodType(int.class, long.class)),
            memory.handle("getByte", methodType(byte.class, long.class)));
    if (vm == null) {
      return null;
    }
    long klass = (long) longAt.invokeExact((Object) chunk, (long) vm.klassOffset());
    // The size of an instance without its stack; the lowest bits say something else.
    long stack = vm.layoutHelper(klass) & ~7L;
    long codeSize = vm.codeEnd() - vm.codeBegin();
    long interpreterSize = vm.interpreterEnd() - vm.interpreterBegin();
    if (stack < 32
        || stack > 128
        || codeSize <= 0
        || vm.interpreterBegin() < vm.codeBegin()
        || vm.interpreterEnd() > vm.codeEnd()
        || interpreterSize <= 0) {
      return null;
    }
    long tail = memory.offset(continuation, "tail");
    long size = memory.offset(chunk, "size");
    long sp = memory.offset(chunk, "sp");
    long bottom = memory.offset(chunk, "bottom");
    long parent = memory.offset(chunk, "parent");
    long flags =
        new ChunkFlags((int) stack, referenceAt, byteAt, tail, List.of(parent, size, sp, bottom))
            .find();
    return flags < 0
        ? null
        : new Layout(
            longAt,
            intAt,
            byteAt,
            referenceAt,
            memory.offset(thread, "state"),
            memory.offset(thread, "cont"),
            memory.offset(continuation, "child"),
            tail,
            parent,
            size,
            sp,
            bottom,
            flags,
            stack,
            vm.codeBegin(),
            codeSize,
            vm.interpreterBegin(),
            interpreterSize);
  }
}
