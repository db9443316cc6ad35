package dev.selvage.diagnostics.jdk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Whoever is recognised by memory has the stack that the JDK walks. */
class StackTableTests {
  private static final Jdk JDK = Jdk.ofThisJvm();

  private final List<Thread> started = new ArrayList<>();
  private volatile boolean over;

  private static void assumeReadable() {
    Assumptions.assumeTrue(
        System.getProperty("os.arch").equals("amd64"), "memory is read on x86-64 only");
    assertTrue(ChunkMemory.isReadable(), "the tests' JVM has all packages open");
  }

  private Thread[] start(int n, IntFunction<Runnable> body) throws InterruptedException {
    Thread[] threads = new Thread[n];
    for (int i = 0; i < n; i++) {
      threads[i] = Thread.startVirtualThread(body.apply(i));
      started.add(threads[i]);
    }
    for (Thread thread : threads) {
      awaitParked(thread);
    }
    return threads;
  }

  private static void awaitParked(Thread thread) throws InterruptedException {
    for (int i = 0; i < 10_000 && !JDK.isParked(thread); i++) {
      Thread.sleep(1);
    }
    assertTrue(JDK.isParked(thread), "parked");
  }

  @AfterEach
  void end() throws InterruptedException {
    over = true;
    for (Thread thread : started) {
      thread.interrupt();
      thread.join(10_000);
      assertFalse(thread.isAlive());
    }
  }

  private static int[] all(int n) {
    return IntStream.range(0, n).toArray();
  }

  /** Takes all, compares each with what the JDK says, and tells how many were walked for it. */
  private static long compare(Thread[] threads) {
    StackTable table = new StackTable(JDK, true);
    int[] ids = new int[threads.length];
    table.take(threads, all(threads.length), 0, threads.length, ids);
    Set<List<StackTraceElement>> different = new HashSet<>();
    for (int i = 0; i < threads.length; i++) {
      assertArrayEquals(threads[i].getStackTrace(), table.stack(ids[i]));
      different.add(List.of(table.stack(ids[i])));
    }
    assertEquals(different.size(), table.size(), "each distinct stack once");
    return table.walked();
  }

  // ------------------------------------------------------------------ what threads do

  private void park(Object on) {
    while (!over && !Thread.currentThread().isInterrupted()) {
      LockSupport.park(on);
    }
  }

  private int deep(int depth, int how) {
    if (depth > 0) {
      return deep(depth - 1, how) + 1;
    }
    switch (how) {
      case 0 -> park(this);
      case 1 -> put();
      case 2 -> {
        synchronized (new Object()) {
          park(this);
        }
      }
      default -> Stream.of(1).map(this::parkIn).forEach(n -> assertEquals(1, n));
    }
    return 0;
  }

  private void put() {
    try {
      new SynchronousQueue<Integer>().put(1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private int parkIn(int n) {
    park(this);
    return n;
  }

  // ------------------------------------------------------------------ equal frames, equal stacks

  @Test
  @DisplayName("threads that are recognised have the stack that the JDK walks, however compiled")
  void equal() throws Exception {
    assumeReadable();
    Thread[] threads = start(6_000, i -> () -> deep(i % 7, i % 4));
    System.gc();
    long walked = compare(threads);
    assertTrue(walked < threads.length / 2, walked + " walked of " + threads.length);
  }

  @Test
  @DisplayName("where no collection has been yet, too")
  void young() throws Exception {
    assumeReadable();
    compare(start(2_000, i -> () -> deep(i % 5, i % 4)));
  }

  private void left(boolean first) {
    if (first) {
      park(this);
    } else {
      park(started);
    }
  }

  private void right(boolean first) {
    if (first) {
      park(this);
    } else {
      park(started);
    }
  }

  @Test
  @DisplayName("interpreted frames of one shape are told apart by method and by place")
  void interpreted() throws Exception {
    assumeReadable();
    Thread[] threads = start(8, i -> i % 4 < 2 ? () -> left(i % 2 == 0) : () -> right(i % 2 == 0));
    System.gc();
    StackTable table = new StackTable(JDK, true);
    int[] ids = new int[8];
    table.take(threads, all(8), 0, 8, ids);
    assertEquals(4, table.size());
    for (int i = 0; i < 4; i++) {
      assertEquals(ids[i], ids[i + 4]);
      for (int j = 0; j < i; j++) {
        assertNotEquals(ids[i], ids[j]);
      }
    }
    compare(threads);
  }

  /** What has one implementation until the test loads another. */
  private abstract static class Step {
    abstract void take(StackTableTests test, boolean wait);
  }

  private static final class First extends Step {
    @Override
    void take(StackTableTests test, boolean wait) {
      if (wait) {
        test.park(this);
      }
    }
  }

  private static final class Second extends Step {
    @Override
    void take(StackTableTests test, boolean wait) {
      if (wait) {
        test.put();
      }
    }
  }

  private void steps(Step step, boolean wait) {
    step.take(this, wait);
  }

  @Test
  @DisplayName("frames whose code was deoptimised under them are still told right")
  void deoptimised() throws Exception {
    assumeReadable();
    Step first = new First();
    for (int i = 0; i < 200_000; i++) {
      steps(first, false);
    }
    Thread[] compiled = start(200, i -> () -> steps(first, true));
    System.gc();
    compare(compiled);
    Step second = new Second(); // what steps() was compiled for holds no longer
    steps(second, false);
    Thread[] anew = start(200, i -> () -> steps(i % 2 == 0 ? first : second, true));
    Thread[] both =
        Stream.concat(Arrays.stream(compiled), Arrays.stream(anew)).toArray(Thread[]::new);
    compare(both);
    System.gc();
    compare(both);
    for (Thread thread : compiled) {
      LockSupport.unpark(thread); // goes on in the interpreter, and parks once more
    }
    for (Thread thread : compiled) {
      awaitParked(thread);
    }
    System.gc();
    compare(both);
  }

  // ------------------------------------------------------------------ threads that move

  @Test
  @DisplayName("nobody is recognised by a thread that has moved since it was walked")
  void moved() throws Exception {
    assumeReadable();
    Thread[] threads = start(2, i -> () -> deep(3, 0));
    System.gc();
    StackTable table = new StackTable(JDK, true);
    int[] ids = new int[2];
    table.take(threads, all(2), 0, 2, ids);
    long walked = table.walked();
    table.take(threads, new int[] {1}, 0, 1, ids);
    assertEquals(walked, table.walked(), "recognised");
    ChunkMemory.Signature signature = new ChunkMemory.Signature();
    assertTrue(ChunkMemory.read(threads[0], signature));
    LockSupport.unpark(threads[0]);
    for (int i = 0; i < 10_000 && ChunkMemory.stays(threads[0], signature); i++) {
      Thread.sleep(1);
    }
    awaitParked(threads[0]);
    table.take(threads, all(2), 0, 2, ids);
    assertTrue(table.walked() > walked, "walked once more");
    assertArrayEquals(threads[1].getStackTrace(), table.stack(ids[1]));
  }

  @Test
  @DisplayName("a stack that a collection has seen is settled, and a thread that runs leaves it")
  void settled() throws Exception {
    assumeReadable();
    Thread thread = start(1, i -> () -> deep(2, 0))[0];
    ChunkMemory.Signature signature = new ChunkMemory.Signature();
    boolean unsettled = false;
    for (int i = 0; i < 200 && !unsettled; i++) {
      // Unless a collection comes in between just now.
      LockSupport.unpark(thread);
      Thread.sleep(1);
      awaitParked(thread);
      unsettled = ChunkMemory.read(thread, signature) && !signature.isSettled();
    }
    assertTrue(unsettled, "one that has just parked has a stack that it can be put back into");
    assertFalse(ChunkMemory.stays(thread, signature), "so nobody knows whether it stays");
    System.gc();
    assertTrue(ChunkMemory.read(thread, signature));
    assertTrue(signature.isSettled());
    assertTrue(ChunkMemory.stays(thread, signature));
    ChunkMemory.Signature before = signature.copy();
    LockSupport.unpark(thread);
    for (int i = 0; i < 10_000 && ChunkMemory.stays(thread, before); i++) {
      Thread.sleep(1);
    }
    awaitParked(thread);
    assertFalse(ChunkMemory.stays(thread, before), "it ran, though it is at the same place again");
  }

  private void hither() {
    LockSupport.parkNanos(this, 10_000);
    both();
  }

  private void thither() {
    LockSupport.parkNanos(this, 10_000);
    both();
  }

  private void both() {
    LockSupport.parkNanos(this, 10_000);
  }

  @Test
  @DisplayName("of threads that run meanwhile only stacks are told that they have had")
  void running() throws Exception {
    assumeReadable();
    // Even ones only ever go hither, odd ones only thither.
    Thread[] threads = new Thread[40];
    for (int i = 0; i < threads.length; i++) {
      boolean even = i % 2 == 0;
      threads[i] =
          Thread.startVirtualThread(
              () -> {
                while (!over && !Thread.currentThread().isInterrupted()) {
                  if (even) {
                    hither();
                  } else {
                    thither();
                  }
                }
              });
      started.add(threads[i]);
    }
    long end = System.nanoTime() + 1_500_000_000L;
    StackTable table = new StackTable(JDK, true);
    int[] ids = new int[threads.length];
    for (int round = 0; System.nanoTime() < end; round++) {
      if (round % 50 == 0) {
        System.gc();
      }
      table.take(threads, all(threads.length), 0, threads.length, ids);
      for (int i = 0; i < threads.length; i++) {
        String other = i % 2 == 0 ? "thither" : "hither";
        for (StackTraceElement frame : table.stack(ids[i])) {
          assertNotEquals(other, frame.getMethodName());
        }
      }
    }
  }

  // ------------------------------------------------------------------ without memory

  @Test
  @DisplayName("where memory cannot be read every thread is walked, and each stack is there once")
  void unreadable() throws Exception {
    Thread[] threads = start(40, i -> () -> deep(i % 2, 0));
    StackTable table = new StackTable(JDK, false);
    int[] ids = new int[threads.length];
    table.take(threads, all(threads.length), 0, threads.length, ids);
    assertEquals(threads.length, table.walked());
    assertEquals(2, table.size());
    for (int i = 0; i < threads.length; i++) {
      assertArrayEquals(threads[i].getStackTrace(), table.stack(ids[i]));
    }
  }
}
