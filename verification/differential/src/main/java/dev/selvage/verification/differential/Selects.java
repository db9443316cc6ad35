package dev.selvage.verification.differential;

import static dev.selvage.verification.differential.Channels.closed;
import static dev.selvage.verification.differential.Channels.filled;
import static dev.selvage.verification.differential.Channels.received;
import static dev.selvage.verification.differential.Channels.receiver;
import static dev.selvage.verification.differential.Channels.sender;

import dev.selvage.Channel;
import dev.selvage.Select;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Stream;

/** Which case a select carries out. */
final class Selects {
  /**
   * Rounds of the scenarios about chance. Each count may differ from what is expected by {@link
   * #NEAR}: by Hoeffding's inequality a fair choice does so with a probability of at most
   * 2·exp(-2·550²/20000) = 1.5e-13, and there are fewer than 50 counts on both sides together, so
   * less than 1e-11 for a whole run.
   */
  private static final int ROUNDS = 20_000;

  private static final int NEAR = 550;

  private static final Duration MILLISECOND = Duration.ofMillis(1);
  private static final Duration HOUR = Duration.ofHours(1);

  private Selects() {}

  private interface Choice {
    int choose() throws Exception;
  }

  /** Whether choices among so many cases were uniform. */
  private static String evenly(int cases, Choice choice) throws Exception {
    int[] counts = new int[cases];
    for (int i = 0; i < ROUNDS; i++) {
      counts[choice.choose()]++;
    }
    return Arrays.stream(counts).allMatch(n -> isNear(n, ROUNDS / cases))
        ? "each as often"
        : "not even: " + Arrays.toString(counts);
  }

  private static boolean isNear(int n, int expected) {
    return n >= expected - NEAR && n <= expected + NEAR;
  }

  /**
   * The set of what came in a thousand rounds. That one of two equally likely is missing has a
   * probability of 2^-999.
   */
  static String outcomes(Callable<String> round) {
    SortedSet<String> all = new TreeSet<>();
    for (int i = 0; i < 1000; i++) {
      all.add(Stage.attempt(round));
    }
    return "any of: " + String.join("; ", all);
  }

  static String receive(Channel<String> a, Channel<String> b) throws InterruptedException {
    return Select.select(
        Select.receive(a, v -> "a got " + v).orClosed(() -> "a closed"),
        Select.receive(b, v -> "b got " + v).orClosed(() -> "b closed"));
  }

  private static String both(Channel<String> ch) throws InterruptedException {
    return Select.select(
        Select.receive(ch, v -> "got " + v).orClosed(() -> "closed"),
        Select.send(ch, "x", () -> "sent"));
  }

  private static String timed(Channel<String> ch, Duration limit) throws InterruptedException {
    return Select.select(
        Select.receive(ch, v -> "got " + v).orClosed(() -> "closed"),
        Select.after(limit, () -> "time is over"));
  }

  private static Select.Case<Integer, RuntimeException> whenReady(Channel<String> ch, int n) {
    return Select.<String, Integer, RuntimeException>receive(ch, v -> n).orClosed(() -> n);
  }

  static void addTo(List<Scenario> all) {
    addTwo("select", all);
    addSame("select, same channel twice", all);
    addChance("select, by chance", all);
    addTimed("select, time limit", all);
    addLoops("select, in a loop", all);
  }

  private static void addTwo(String g, List<Scenario> all) {
    all.add(
        new Scenario(
            g, "no case", "", s -> s.start(() -> Select.<String, Exception>select()).toString()));
    all.add(
        new Scenario(g, "default only", "", s -> Select.select(Select.otherwise(() -> "default"))));
    all.add(
        new Scenario(
            g,
            "two receives",
            "both nil",
            s -> s.start(() -> receive(Channel.never(), Channel.never())).toString()));
    all.add(
        new Scenario(
            g,
            "two receives, default",
            "both nil",
            s ->
                Select.select(
                    Select.receive(Channel.never(), v -> "never"),
                    Select.receive(Channel.never(), v -> "never"),
                    Select.otherwise(() -> "default"))));
    all.add(
        new Scenario(
            g,
            "two receives",
            "neither ready",
            s -> s.start(() -> receive(filled(0), filled(0))).toString()));
    all.add(
        new Scenario(
            g, "two receives", "the second ready", s -> receive(filled(0), filled(1, "x"))));
    all.add(
        new Scenario(
            g,
            "two receives",
            "the first nil, the second ready",
            s -> receive(Channel.never(), filled(1, "x"))));
    all.add(
        new Scenario(g, "two receives", "the first closed", s -> receive(closed(0), filled(0))));
    all.add(
        new Scenario(
            g,
            "two receives",
            "the first closed with a value left",
            s -> {
              Channel<String> ch = closed(1, "x");
              return receive(ch, Channel.never()) + ", " + receive(ch, Channel.never());
            }));
    all.add(
        new Scenario(
            g,
            "two receives",
            "waits; then a value comes on the second",
            s -> {
              Channel<String> a = filled(0);
              Channel<String> b = filled(0);
              var sel = s.start(() -> receive(a, b));
              b.send("x");
              return s.tell(sel)
                  + (a.trySend("y")
                      ? "; and still waits on the first"
                      : "; waits no more on the first");
            }));
    all.add(
        new Scenario(
            g,
            "two receives",
            "waits; then the first is closed",
            s -> {
              Channel<String> a = filled(0);
              Channel<String> b = filled(0);
              var sel = s.start(() -> receive(a, b));
              a.close();
              return s.tell(sel);
            }));
    all.add(
        new Scenario(
            g,
            "two receives",
            "a sender waits on each",
            s -> {
              Channel<String> a = filled(0);
              Channel<String> b = filled(0);
              var p = sender(s, a, "p");
              var q = sender(s, b, "q");
              String[] both = {receive(a, b), receive(a, b)};
              Arrays.sort(both);
              return String.join(", ", both) + "; " + s.tell(p, q);
            }));
    all.add(
        new Scenario(
            g,
            "two receives",
            "a sender waits on each; once",
            s -> {
              Channel<String> a = filled(0);
              Channel<String> b = filled(0);
              var p = sender(s, a, "p");
              var q = sender(s, b, "q");
              receive(a, b);
              s.settle();
              return Stream.of(p, q).filter(Stage.Actor::hasFinished).count()
                  + " of 2 senders went on";
            }));
    all.add(
        new Scenario(
            g,
            "receive from one, send to another",
            "waits; then the other is received from",
            s -> {
              Channel<String> a = filled(0);
              Channel<String> b = filled(0);
              var sel =
                  s.start(
                      () ->
                          Select.select(
                              Select.receive(a, v -> "got " + v).orClosed(() -> "closed"),
                              Select.send(b, "x", () -> "sent")));
              return received(b) + "; " + s.tell(sel);
            }));
    all.add(
        new Scenario(
            g,
            "two sends",
            "waits; then the first is closed",
            s -> {
              Channel<String> a = filled(0);
              Channel<String> b = filled(0);
              var sel =
                  s.start(
                      () ->
                          Select.select(
                              Select.send(a, "x", () -> "sent"),
                              Select.send(b, "y", () -> "sent")));
              a.close();
              return s.tell(sel);
            }));
    all.add(
        new Scenario(
            g,
            "send or default",
            "closed",
            s ->
                Select.select(
                    Select.send(closed(1), "x", () -> "sent"), Select.otherwise(() -> "default"))));
  }

  private static void addSame(String g, List<Scenario> all) {
    String op = "receive and send";
    all.add(new Scenario(g, op, "unbuffered", s -> s.start(() -> both(filled(0))).toString()));
    all.add(
        new Scenario(
            g,
            op,
            "unbuffered; then a sender comes",
            s -> {
              Channel<String> ch = filled(0);
              var sel = s.start(() -> both(ch));
              var p = sender(s, ch, "p");
              return s.tell(sel, p);
            }));
    all.add(
        new Scenario(
            g,
            op,
            "unbuffered; then a receiver comes",
            s -> {
              Channel<String> ch = filled(0);
              var sel = s.start(() -> both(ch));
              var r = receiver(s, ch);
              return s.tell(sel, r);
            }));
    all.add(
        new Scenario(
            g,
            op,
            "two such selects",
            s -> {
              Channel<String> ch = filled(0);
              var one = s.start(() -> both(ch));
              var two = s.start(() -> both(ch));
              String[] said = {one.toString(), two.toString()};
              Arrays.sort(said);
              return String.join("; ", said);
            }));
    all.add(new Scenario(g, op, "room for 1, empty", s -> both(filled(1))));
    all.add(new Scenario(g, op, "room for 1, full", s -> both(filled(1, "a"))));
    all.add(
        new Scenario(g, op, "room for 2, one value", s -> outcomes(() -> both(filled(2, "a")))));
    all.add(new Scenario(g, op, "closed", s -> outcomes(() -> both(closed(0)))));
    all.add(
        new Scenario(
            g,
            "receive and receive",
            "waits; then a value comes",
            s -> {
              Channel<String> ch = filled(0);
              var sel = s.start(() -> receive(ch, ch));
              ch.send("x");
              var next = sender(s, ch, "y");
              return s.tell(sel).substring(2) + "; " + s.tell(next);
            }));
  }

  private static void addChance(String g, List<Scenario> all) {
    all.add(
        new Scenario(
            g,
            "send and receive",
            "one closed, the other has a value",
            s -> {
              Channel<String> shut = closed(0);
              return outcomes(
                  () ->
                      Select.select(
                          Select.send(shut, "x", () -> "sent"),
                          Select.receive(filled(1, "a"), v -> "got " + v)));
            }));
    all.add(
        new Scenario(
            g,
            "two receives",
            "both ready",
            s -> {
              Channel<String> shut = closed(0);
              return evenly(2, () -> Select.select(whenReady(shut, 0), whenReady(shut, 1)));
            }));
    all.add(
        new Scenario(
            g,
            "three receives",
            "all ready",
            s -> {
              Channel<String> shut = closed(0);
              return evenly(
                  3,
                  () -> Select.select(whenReady(shut, 0), whenReady(shut, 1), whenReady(shut, 2)));
            }));
    all.add(
        new Scenario(
            g,
            "four receives",
            "all ready",
            s -> {
              // In the reusable form.
              Channel<String> shut = closed(0);
              Select sel = Select.create();
              List<Select.Arm> arms =
                  List.of(
                      sel.receive(shut), sel.receive(shut), sel.receive(shut), sel.receive(shut));
              return evenly(4, () -> arms.indexOf(sel.await()));
            }));
    all.add(
        new Scenario(
            g,
            "receive, send, receive, receive",
            "the first three ready",
            s -> {
              Channel<String> shut = closed(0);
              Channel<String> room = filled(ROUNDS);
              return evenly(
                  3,
                  () ->
                      Select.select(
                          whenReady(shut, 0),
                          Select.send(room, "x", () -> 1),
                          whenReady(shut, 2),
                          whenReady(filled(0), 3)));
            }));
    all.add(
        new Scenario(
            g,
            "four receives",
            "two ready, two nil",
            s -> {
              Channel<String> shut = closed(0);
              return evenly(
                  2,
                  () ->
                      Select.select(
                          whenReady(Channel.never(), 2),
                          whenReady(shut, 0),
                          whenReady(Channel.never(), 3),
                          whenReady(shut, 1)));
            }));
    all.add(
        new Scenario(
            g,
            "two receives and a default",
            "both ready",
            s -> {
              Channel<String> shut = closed(0);
              return evenly(
                  2,
                  () ->
                      Select.select(
                          whenReady(shut, 0),
                          whenReady(shut, 1),
                          Select.<Integer, RuntimeException>otherwise(() -> 2)));
            }));
    all.add(
        new Scenario(
            g,
            "two receives from the same and one from another",
            "all ready; how often the other",
            s -> {
              Channel<String> shut = closed(0);
              Channel<String> other = closed(0);
              int n = 0;
              for (int i = 0; i < ROUNDS; i++) {
                n += Select.select(whenReady(shut, 0), whenReady(other, 1), whenReady(shut, 0));
              }
              return isNear(n, ROUNDS / 3) ? "a third" : "not a third: " + n;
            }));
  }

  private static void addTimed(String g, List<Scenario> all) {
    all.add(
        new Scenario(g, "one millisecond", "nothing comes", s -> timed(filled(0), MILLISECOND)));
    all.add(new Scenario(g, "an hour", "a value is there", s -> timed(filled(1, "a"), HOUR)));
    all.add(new Scenario(g, "an hour", "closed", s -> timed(closed(0), HOUR)));
    all.add(
        new Scenario(
            g,
            "an hour",
            "waits; then a value comes",
            s -> {
              Channel<String> ch = filled(0);
              var sel = s.start(() -> timed(ch, HOUR));
              String said = sel.toString();
              ch.send("x");
              return said + ", then " + s.tell(sel);
            }));
    all.add(new Scenario(g, "one millisecond", "nil", s -> timed(Channel.never(), MILLISECOND)));
  }

  private static void addLoops(String g, List<Scenario> all) {
    all.add(
        new Scenario(
            g,
            "leave out who is closed",
            "a and b have values, both closed",
            s -> {
              Select sel = Select.create();
              var a = sel.receive(closed(2, "1", "2"));
              var b = sel.receive(closed(2, "3", "4"));
              List<String> got = new ArrayList<>();
              for (int open = 2; open > 0; ) {
                var hit = sel.await() == a ? a : b;
                if (hit.closed()) {
                  hit.enable(false);
                  open--;
                } else {
                  got.add(hit.value());
                }
              }
              got.sort(null);
              return String.join("", got);
            }));
    all.add(
        new Scenario(
            g,
            "merge",
            "two senders of fifty values each",
            s -> {
              Channel<Integer> a = Channel.unbuffered();
              Channel<Integer> b = Channel.unbuffered();
              for (var ch : List.of(a, b)) {
                int first = ch == a ? 0 : 50;
                s.launch(
                    () -> {
                      for (int v = 0; v < 50; v++) {
                        ch.send(first + v);
                      }
                      return "";
                    });
              }
              int[] last = {-1, 49};
              for (int i = 0; i < 100; i++) {
                int v = Select.select(Select.receive(a, x -> x), Select.receive(b, x -> x));
                if (++last[v / 50] != v) {
                  return v + " instead of " + last[v / 50];
                }
              }
              return "100, each sender's in order";
            }));
  }
}
