package dev.selvage.verification.differential;

import dev.selvage.Channel;
import dev.selvage.Select;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Every operation on a channel in every state, and in which order waiters are served. */
final class Channels {
  private Channels() {}

  private interface Operation {
    String run(Channel<String> ch) throws Exception;
  }

  /** A channel, and who waits at it. */
  private record Set(Channel<String> ch, List<Stage.Actor> peers) {
    Set(Channel<String> ch) {
      this(ch, List.of());
    }
  }

  private interface State {
    Set make(Stage stage) throws Exception;
  }

  private static final List<Map.Entry<String, State>> STATES =
      List.of(
          Map.entry("nil", s -> new Set(Channel.never())),
          Map.entry("unbuffered", s -> new Set(filled(0))),
          Map.entry("unbuffered, a sender waits", s -> withSenders(s, filled(0), "p")),
          Map.entry("unbuffered, two senders wait", s -> withSenders(s, filled(0), "p", "q")),
          Map.entry("unbuffered, a receiver waits", s -> withReceivers(s, filled(0), 1)),
          Map.entry("unbuffered, two receivers wait", s -> withReceivers(s, filled(0), 2)),
          Map.entry("room for 2, empty", s -> new Set(filled(2))),
          Map.entry("room for 2, empty, a receiver waits", s -> withReceivers(s, filled(2), 1)),
          Map.entry("room for 2, one value", s -> new Set(filled(2, "a"))),
          Map.entry("room for 2, full", s -> new Set(filled(2, "a", "b"))),
          Map.entry(
              "room for 2, full, a sender waits", s -> withSenders(s, filled(2, "a", "b"), "p")),
          Map.entry(
              "room for 2, full, two senders wait",
              s -> withSenders(s, filled(2, "a", "b"), "p", "q")),
          Map.entry("unbuffered, closed", s -> new Set(closed(0))),
          Map.entry("room for 2, closed, empty", s -> new Set(closed(2))),
          Map.entry("room for 2, closed, one value", s -> new Set(closed(2, "a"))),
          Map.entry("room for 2, closed, full", s -> new Set(closed(2, "a", "b"))));

  private static final List<Map.Entry<String, Operation>> OPERATIONS =
      List.of(
          Map.entry(
              "send",
              ch -> {
                ch.send("x");
                return "sent";
              }),
          Map.entry("receive", ch -> "got " + ch.receive()),
          Map.entry("receive, and whether closed", Channels::received),
          Map.entry(
              "close",
              ch -> {
                ch.close();
                return "ok";
              }),
          Map.entry("len", ch -> "" + ch.len()),
          Map.entry("cap", ch -> "" + ch.cap()),
          Map.entry(
              "range",
              ch -> {
                StringBuilder said = new StringBuilder("got");
                for (String v : ch) {
                  said.append(' ').append(v);
                }
                return said + ", then the end";
              }),
          Map.entry("send if ready", ch -> ch.trySend("x") ? "sent" : "not ready"),
          Map.entry(
              "receive if ready",
              ch ->
                  Select.select(
                      Select.receive(ch, v -> "got " + v).orClosed(() -> "closed"),
                      Select.otherwise(() -> "not ready"))),
          Map.entry(
              "select that sends",
              ch ->
                  Select.select(
                      Select.send(ch, "x", () -> "sent"),
                      Select.receive(Channel.never(), v -> "never"))),
          Map.entry(
              "select that receives",
              ch ->
                  Select.select(
                      Select.receive(ch, v -> "got " + v).orClosed(() -> "closed"),
                      Select.receive(Channel.never(), v -> "never"))));

  static Channel<String> filled(int capacity, String... values) throws InterruptedException {
    Channel<String> ch = Channel.buffered(capacity);
    for (String v : values) {
      ch.send(v);
    }
    return ch;
  }

  static Channel<String> closed(int capacity, String... values) throws InterruptedException {
    Channel<String> ch = filled(capacity, values);
    ch.close();
    return ch;
  }

  static Stage.Actor sender(Stage stage, Channel<String> ch, String value)
      throws InterruptedException {
    return stage.start(
        () -> {
          ch.send(value);
          return value + " sent";
        });
  }

  static Stage.Actor receiver(Stage stage, Channel<String> ch) throws InterruptedException {
    return stage.start(() -> received(ch));
  }

  static String received(Channel<String> ch) throws InterruptedException {
    return gotOrClosed(ch.receiveOrNull());
  }

  static String gotOrClosed(@Nullable String value) {
    return Optional.ofNullable(value).map(v -> "got " + v).orElse("closed");
  }

  private static Set withSenders(Stage stage, Channel<String> ch, String... waiting)
      throws InterruptedException {
    List<Stage.Actor> peers = new ArrayList<>();
    for (String value : waiting) {
      peers.add(sender(stage, ch, value));
    }
    return new Set(ch, peers);
  }

  private static Set withReceivers(Stage stage, Channel<String> ch, int n)
      throws InterruptedException {
    List<Stage.Actor> peers = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      peers.add(receiver(stage, ch));
    }
    return new Set(ch, peers);
  }

  static void addTo(List<Scenario> all) {
    for (var operation : OPERATIONS) {
      for (var state : STATES) {
        all.add(
            new Scenario(
                "channel",
                operation.getKey(),
                state.getKey(),
                s -> {
                  Set set = state.getValue().make(s);
                  Stage.Actor self = s.start(() -> operation.getValue().run(set.ch));
                  String said = self + "; len " + set.ch.len();
                  return set.peers.isEmpty() ? said : said + "; who waited: " + s.tell(set.peers);
                }));
      }
    }
    all.add(
        new Scenario("channel", "make", "negative capacity", s -> "" + Channel.buffered(-1).cap()));
    addOrder("channel order", all);
  }

  private static void addOrder(String g, List<Scenario> all) {
    all.add(
        new Scenario(
            g,
            "send a, b, c",
            "three receivers wait",
            s -> {
              Channel<String> ch = Channel.unbuffered();
              var r1 = receiver(s, ch);
              var r2 = receiver(s, ch);
              var r3 = receiver(s, ch);
              ch.send("a");
              ch.send("b");
              ch.send("c");
              return s.tell(r1, r2, r3);
            }));
    all.add(
        new Scenario(
            g,
            "receive three times",
            "senders of a, b, c wait",
            s -> {
              Channel<String> ch = Channel.unbuffered();
              sender(s, ch, "a");
              sender(s, ch, "b");
              sender(s, ch, "c");
              return ch.receive() + ch.receive() + ch.receive();
            }));
    all.add(
        new Scenario(
            g,
            "receive once",
            "a and b in the buffer, senders of c and d wait",
            s -> {
              Channel<String> ch = filled(2, "a", "b");
              var c = sender(s, ch, "c");
              var d = sender(s, ch, "d");
              return received(ch) + "; " + s.tell(c, d) + "; len " + ch.len();
            }));
    all.add(
        new Scenario(
            g,
            "receive until empty",
            "a and b in the buffer, senders of c and d wait",
            s -> {
              Channel<String> ch = filled(2, "a", "b");
              var c = sender(s, ch, "c");
              var d = sender(s, ch, "d");
              String got = ch.receive() + ch.receive() + ch.receive() + ch.receive();
              return got + "; " + s.tell(c, d);
            }));
    all.add(
        new Scenario(
            g,
            "send, receive, send, receive",
            "room for 2, one value",
            s -> {
              Channel<String> ch = filled(2, "a");
              StringBuilder said = new StringBuilder();
              for (String v : List.of("b", "c", "d", "e", "f")) {
                ch.send(v);
                said.append(ch.receive());
              }
              return said + ch.receive();
            }));
    all.add(
        new Scenario(
            g,
            "send",
            "a receiver waits, the buffer is empty",
            s -> {
              Channel<String> ch = filled(2);
              var r = receiver(s, ch);
              ch.send("a");
              String said = "len " + ch.len() + "; "; // it went past the buffer
              return said + s.tell(r);
            }));
    all.add(
        new Scenario(
            g,
            "send x",
            "a receiver and a select wait",
            s -> {
              Channel<String> ch = Channel.unbuffered();
              var r = receiver(s, ch);
              var sel = s.start(() -> Selects.receive(ch, Channel.never()));
              ch.send("x");
              return s.tell(r, sel);
            }));
    all.add(
        new Scenario(
            g,
            "send x",
            "a select and a receiver wait",
            s -> {
              Channel<String> ch = Channel.unbuffered();
              var sel = s.start(() -> Selects.receive(ch, Channel.never()));
              var r = receiver(s, ch);
              ch.send("x");
              return s.tell(sel, r);
            }));
    all.add(
        new Scenario(
            g,
            "close, then receive",
            "a and b in the buffer, a sender of c waits",
            s -> {
              Channel<String> ch = filled(2, "a", "b");
              var c = sender(s, ch, "c");
              ch.close();
              return s.tell(c) + "; " + String.join(", ", received(ch), received(ch), received(ch));
            }));
    String many = "a hundred values";
    all.add(new Scenario(g, many, "one sender, one receiver, unbuffered", s -> stream(s, 0)));
    all.add(new Scenario(g, many, "one sender, one receiver, room for 3", s -> stream(s, 3)));
  }

  private static String stream(Stage stage, int capacity) throws InterruptedException {
    Channel<Integer> ch = Channel.buffered(capacity);
    stage.launch(
        () -> {
          for (int i = 0; i < 100; i++) {
            ch.send(i);
          }
          ch.close();
          return "";
        });
    int next = 0;
    for (int v : ch) {
      if (v != next) {
        return v + " instead of " + next;
      }
      next++;
    }
    return next + " in order";
  }
}
