package dev.selvage.preview;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.StructuredTaskScope;
import java.util.concurrent.StructuredTaskScope.Joiner;
import java.util.concurrent.SynchronousQueue;

/**
 * Children of open scopes that wait for something nobody can give them: a sibling that fails, or
 * one that wins a race, still ends them. Uses a preview API, so a test compiles it.
 */
public final class ScopesProgram {
  private static final CountDownLatch GATE = new CountDownLatch(1);
  private static final CountDownLatch ENDED = new CountDownLatch(9);

  private ScopesProgram() {}

  public static void main(String[] args) throws Exception {
    Thread.ofVirtual().name("owner of a fail-fast scope").start(ScopesProgram::failFast);
    Thread.ofVirtual().name("owner of a race").start(ScopesProgram::race);
    Thread.ofPlatform().daemon().name("platform owner").start(ScopesProgram::failFast);
    Thread.sleep(500);
    System.out.println("ready");
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    if ("wake".equals(in.readLine())) {
      GATE.countDown();
      ENDED.await();
      System.out.println("all ended");
    }
    in.readLine();
  }

  private static void failFast() {
    try (var scope = StructuredTaskScope.<Integer>open()) {
      scope.fork(ScopesProgram::waitForNobody);
      scope.fork(
          () -> {
            GATE.await();
            ENDED.countDown();
            throw new IllegalArgumentException("this fails the scope");
          });
      scope.join();
    } catch (StructuredTaskScope.FailedException e) {
      ENDED.countDown();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void race() {
    try (var scope = StructuredTaskScope.open(Joiner.<Integer>anySuccessfulResultOrThrow())) {
      scope.fork(ScopesProgram::waitForNobody);
      scope.fork(
          () -> {
            GATE.await();
            ENDED.countDown();
            return 1;
          });
      scope.join();
      ENDED.countDown();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static int waitForNobody() {
    try {
      return new SynchronousQueue<Integer>().take();
    } catch (InterruptedException e) {
      ENDED.countDown();
      return 0;
    }
  }
}
