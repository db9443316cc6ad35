package dev.selvage.internal.gmp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.selvage.Threads;
import dev.selvage.internal.jdk.VirtualThreads;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One scheduler that hands over to another. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RunnerTests {
  private static final VirtualThreads JDK = VirtualThreads.ofThisJvm();

  private @Nullable Runner first;
  private @Nullable Runner second;

  @BeforeEach
  void start() {
    assumeTrue(JDK.canSchedule(), "java.base/java.lang is not open");
    first = Runner.start(1);
    second = Runner.start(1);
  }

  @AfterEach
  void close() {
    for (@Nullable Runner runner : new @Nullable Runner[] {first, second}) {
      if (runner != null) {
        runner.close();
      }
    }
  }

  /** A scheduler's Ms have its number in their names. */
  private static String scheduler() {
    String text = Thread.currentThread().toString();
    return text.substring(text.indexOf('@') + 1).replaceAll("m-\\d+.*", "");
  }

  @Test
  @SuppressWarnings("ThreadPriorityCheck") // giving way is one of the things that are tried
  void whoWaitsWhileItIsHandedOverGoesOnAtTheSuccessor() throws Exception {
    assertNotNull(first);
    assertNotNull(second);
    List<String> seen = new CopyOnWriteArrayList<>();
    Runnable task =
        () -> {
          seen.add(scheduler());
          LockSupport.park();
          seen.add(scheduler());
          Thread.yield();
          seen.add(scheduler());
        };
    Thread before = JDK.create(first, "before", task);
    before.start();
    Threads.untilBlocked(before);
    first.handOver(second);
    LockSupport.unpark(before);
    before.join();
    assertEquals(3, seen.size());
    assertTrue(seen.get(0).startsWith("selvage-"), seen.toString());
    assertNotEquals(seen.get(0), seen.get(1));
    assertEquals(seen.get(1), seen.get(2));
  }

  @Test
  void whoIsMadeOnItAfterwardsRunsAtTheSuccessor() throws Exception {
    assertNotNull(first);
    assertNotNull(second);
    List<String> seen = new CopyOnWriteArrayList<>();
    Thread there = JDK.create(second, "there", () -> seen.add(scheduler()));
    there.start();
    there.join();
    first.handOver(second);
    Thread after = JDK.create(first, "after", () -> seen.add(scheduler()));
    after.start();
    after.join();
    assertEquals(2, seen.size());
    assertEquals(seen.get(0), seen.get(1));
  }
}
