package dev.selvage;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

/** Every operation in every state of a channel, on every kind of thread: what comes of it. */
@Timeout(20)
final class ChannelConformanceTests {
  /**
   * The table. "blocks" is found out by a time limit for those that take one, and by the thread's
   * state for the others; "len n" is the length afterwards.
   */
  private static final String TABLE =
      """
      operation     | never                   | empty 0     | empty 2      | half 2       | full 2       | closed half             | closed
      send          | blocks                  | blocks      | ok, len 1    | ok, len 2    | blocks       | send on closed channel  | send on closed channel
      send timed    | false, len 0            | false,len 0 | true, len 1  | true, len 2  | false, len 2 | send on closed channel  | send on closed channel
      trySend       | false, len 0            | false,len 0 | true, len 1  | true, len 2  | false, len 2 | send on closed channel  | send on closed channel
      receive       | blocks                  | blocks      | blocks       | a, len 0     | a, len 1     | a, len 0                | receive from closed channel
      receiveOrNull | blocks                  | blocks      | blocks       | a, len 0     | a, len 1     | a, len 0                | null, len 0
      receive timed | empty, len 0            | empty,len 0 | empty, len 0 | a, len 0     | a, len 1     | a, len 0                | receive from closed channel
      tryReceive    | empty, len 0            | empty,len 0 | empty, len 0 | a, len 0     | a, len 1     | a, len 0                | receive from closed channel
      hasNext       | blocks                  | blocks      | blocks       | true, len 0  | true, len 1  | true, len 0             | false, len 0
      close         | close of nil channel    | ok, len 0   | ok, len 0    | ok, len 1    | ok, len 2    | close of closed channel | close of closed channel
      select send   | otherwise, len 0        | otherwise, len 0 | sent, len 1  | sent, len 2  | otherwise, len 2 | send on closed channel | send on closed channel
      select receive| otherwise, len 0        | otherwise, len 0 | otherwise, len 0 | a, len 0 | a, len 1     | a, len 0                | closed, len 0
      select both   | otherwise, len 0        | otherwise, len 0 | sent, len 1  | any          | a, len 1     | any                     | any
      """;

  private interface Operation {
    Object run(Channel<String> ch) throws Exception;
  }

  private static final Map<String, Operation> OPERATIONS =
      Map.ofEntries(
          Map.entry(
              "send",
              ch -> {
                ch.send("x");
                return "ok";
              }),
          Map.entry("send timed", ch -> ch.send("x", Duration.ofMillis(1))),
          Map.entry("trySend", ch -> ch.trySend("x")),
          Map.entry("receive", Channel::receive),
          Map.entry("receiveOrNull", ch -> String.valueOf(ch.receiveOrNull())),
          Map.entry("receive timed", ch -> ch.receive(Duration.ofMillis(1)).orElse("empty")),
          Map.entry("tryReceive", ch -> ch.tryReceive().orElse("empty")),
          Map.entry("hasNext", ch -> ch.iterator().hasNext()),
          Map.entry(
              "close",
              ch -> {
                ch.close();
                return "ok";
              }),
          Map.entry(
              "select send",
              ch ->
                  Select.select(
                      Select.send(ch, "x", () -> "sent"), Select.otherwise(() -> "otherwise"))),
          Map.entry(
              "select receive",
              ch ->
                  Select.select(
                      Select.receive(ch, v -> v).orClosed(() -> "closed"),
                      Select.otherwise(() -> "otherwise"))),
          Map.entry(
              "select both",
              ch ->
                  Select.select(
                      Select.receive(ch, v -> v).orClosed(() -> "closed"),
                      Select.send(ch, "x", () -> "sent"),
                      Select.otherwise(() -> "otherwise"))));

  @TestFactory
  List<DynamicContainer> tableOnEveryKindOfThread() {
    return Arrays.stream(Threads.Kind.values())
        .map(kind -> DynamicContainer.dynamicContainer(kind.name(), table(kind)))
        .toList();
  }

  private static List<DynamicTest> table(Threads.Kind kind) {
    List<String> lines = TABLE.lines().toList();
    List<String> states = cells(lines.getFirst());
    List<DynamicTest> tests = new ArrayList<>();
    for (String line : lines.subList(1, lines.size())) {
      List<String> cells = cells(line);
      for (int i = 1; i < cells.size(); i++) {
        String operation = cells.getFirst();
        String state = states.get(i);
        String expected = cells.get(i);
        if (!expected.equals("any")) {
          tests.add(
              DynamicTest.dynamicTest(
                  operation + " on " + state + ": " + expected,
                  () ->
                      assertEquals(
                          expected.replace(",len", ", len"), run(kind, operation, state))));
        }
      }
    }
    assertEquals(12 * 7 - 3, tests.size());
    return tests;
  }

  private static List<String> cells(String line) {
    List<String> cells = new ArrayList<>();
    for (String cell : line.split("\\|", -1)) {
      cells.add(cell.strip());
    }
    return cells;
  }

  private static String run(Threads.Kind kind, String operation, String state) throws Exception {
    Channel<String> ch = make(state);
    Operation op = OPERATIONS.get(operation);
    if (op == null) {
      throw new AssertionError(operation);
    }
    Channel<String> outcome = Channel.buffered(1);
    Thread thread =
        Threads.start(
            kind,
            () -> {
              try {
                outcome.trySend(op.run(ch) + ", len " + ch.len());
              } catch (ClosedChannelException e) {
                outcome.trySend(String.valueOf(e.getMessage()));
              } catch (InterruptedException | java.util.concurrent.CancellationException e) {
                outcome.trySend("interrupted");
              }
            });
    // A time limit of an operation is a wait without limit to the JDK too, so only those without
    // one
    // can be told to block.
    Threads.until(
        () ->
            outcome.len() == 1
                || (!operation.endsWith("timed") && thread.getState() == Thread.State.WAITING));
    if (outcome.len() == 1) {
      return outcome.receive();
    }
    thread.interrupt();
    assertEquals("interrupted", outcome.receive());
    assertEquals(0, ch.senderCount() + ch.receiverCount());
    return "blocks";
  }

  private static Channel<String> make(String state) throws InterruptedException {
    if (state.equals("never")) {
      return Channel.never();
    }
    Channel<String> ch = Channel.buffered(state.endsWith("0") ? 0 : 2);
    if (state.contains("half") || state.contains("full")) {
      ch.send("a");
    }
    if (state.contains("full")) {
      ch.send("b");
    }
    if (state.contains("closed")) {
      ch.close();
    }
    return ch;
  }
}
