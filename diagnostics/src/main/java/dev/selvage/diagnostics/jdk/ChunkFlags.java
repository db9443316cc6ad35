package dev.selvage.diagnostics.jdk;

import static java.lang.invoke.MethodType.methodType;

import dev.selvage.observe.Probe;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodHandles.Lookup;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds out where in a chunk of a stack (jdk.internal.vm.StackChunk) the VM keeps its flags. It is
 * a field that no reflection shows.
 */
final class ChunkFlags {
  /*
   * The flags say whether there are locks on the stack, and another byte says how many. So a
   * continuation is made that stops twice: once as it is, once while it holds a lock. The flags are
   * the byte that differs by that one bit and has no other bits but those which may be there by
   * chance; and there must be a byte that was none and is one. All that three times, and only one
   * place may be left.
   *
   * That is done on a thread which holds no lock itself: the VM takes all locks of the thread along.
   * It must touch no class that is being initialised by the thread which waits for it.
   */

  /** There may be interpreted frames. */
  private static final int SLOW = 1;

  /** A collection has seen the chunk: no frames will be added to it. */
  static final int GC_MODE = 1 << 3;

  private static final int BITMAP = 1 << 4;
  private static final int LOCKS = 1 << 5;

  private static final int SAMPLES = 3;

  private final int size;
  private final MethodHandle referenceAt;
  private final MethodHandle byteAt;
  private final long tail;
  private final List<Long> declared;
  private final List<byte[]> free = new ArrayList<>();
  private final List<byte[]> locked = new ArrayList<>();

  /**
   * Prepares it.
   *
   * @param size how many bytes there are before the stack
   * @param referenceAt reads a reference from an object at an offset
   * @param byteAt reads a byte likewise
   * @param tail where a continuation has its newest chunk
   * @param declared where a chunk has the fields that reflection shows, four bytes each
   */
  ChunkFlags(
      int size, MethodHandle referenceAt, MethodHandle byteAt, long tail, List<Long> declared) {
    this.size = size;
    this.referenceAt = referenceAt;
    this.byteAt = byteAt;
    this.tail = tail;
    this.declared = declared;
  }

  /** The offset of the flags; negative if there is not exactly one place that it can be. */
  long find() throws Throwable {
    Throwable[] failure = {null};
    Thread thread =
        Thread.ofPlatform()
            .daemon()
            .name("selvage-chunks")
            .inheritInheritableThreadLocals(false)
            .unstarted(
                () -> {
                  try {
                    for (int i = 0; i < SAMPLES; i++) {
                      sample();
                    }
                  } catch (Throwable t) {
                    failure[0] = t;
                  }
                });
    Probe.vouchFor(thread);
    thread.start();
    thread.join();
    if (failure[0] != null) {
      throw failure[0];
    }
    return judge();
  }

  private long judge() {
    long found = -1;
    boolean counted = false;
    for (int at = 0; at < size; at++) {
      boolean flags = true;
      boolean count = true;
      for (int i = 0; i < SAMPLES; i++) {
        int without = free.get(i)[at];
        int with = locked.get(i)[at];
        int others = SLOW | GC_MODE | BITMAP;
        flags &= (without & ~others) == 0 && (with & ~others) == LOCKS;
        count &= without == 0 && with == 1;
      }
      counted |= count;
      if (flags && found >= 0) {
        return -1;
      }
      found = flags ? at : found;
    }
    return counted ? found : -1;
  }

  private void sample() throws Throwable {
    Class<?> type = Class.forName("jdk.internal.vm.Continuation");
    Class<?> scopeType = Class.forName("jdk.internal.vm.ContinuationScope");
    Lookup lookup = MethodHandles.privateLookupIn(type, MethodHandles.lookup());
    Object scope =
        lookup.findConstructor(scopeType, methodType(void.class, String.class)).invoke("selvage");
    MethodHandle yield =
        lookup
            .findStatic(type, "yield", methodType(boolean.class, scopeType))
            .asType(methodType(boolean.class, Object.class))
            .bindTo(scope);
    MethodHandle run =
        lookup
            .findVirtual(type, "run", methodType(void.class))
            .asType(methodType(void.class, Object.class));
    Object continuation =
        lookup
            .findConstructor(type, methodType(void.class, scopeType, Runnable.class))
            .invoke(scope, (Runnable) () -> stopTwice(yield));
    run.invokeExact(continuation);
    free.add(header(continuation));
    run.invokeExact(continuation);
    locked.add(header(continuation));
    run.invokeExact(continuation);
  }

  private static void stopTwice(MethodHandle yield) {
    Object lock = new Object();
    try {
      boolean _ = (boolean) yield.invokeExact();
      synchronized (lock) {
        boolean _ = (boolean) yield.invokeExact();
      }
    } catch (Throwable t) {
      throw new IllegalStateException(t);
    }
  }

  /** What stands before the stack of its newest chunk; zero where the declared fields are. */
  private byte[] header(Object continuation) throws Throwable {
    Object chunk = (Object) referenceAt.invokeExact(continuation, tail);
    byte[] bytes = new byte[size];
    for (int i = 8; chunk != null && i < size; i++) {
      if (!isDeclared(i)) {
        bytes[i] = (byte) byteAt.invokeExact(chunk, (long) i);
      }
    }
    return bytes;
  }

  private boolean isDeclared(int at) {
    for (long field : declared) {
      if (at >= field && at < field + 4) {
        return true;
      }
    }
    return false;
  }
}
