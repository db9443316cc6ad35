package dev.selvage.verification.differential;

import dev.selvage.Channel;
import dev.selvage.Go;
import dev.selvage.ReceiveChannel;
import dev.selvage.time.Ticker;
import dev.selvage.time.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Timers and tickers: what Stop and Reset return, and that nothing stale comes. */
final class Timers {
  private static final Duration HOUR = Duration.ofHours(1);

  /** The time of a timer that fires in a scenario. */
  private static final Duration SOON = Duration.ofMillis(1);

  /** A sleep that is longer for certain: what is due by then a receiver finds. */
  private static final Duration LATER = Duration.ofMillis(4);

  private Timers() {}

  private interface State {
    Timer make() throws Exception;
  }

  private interface Operation {
    String run(Timer timer) throws Exception;
  }

  private static final List<Map.Entry<String, State>> STATES =
      List.of(
          Map.entry("in an hour", () -> Timer.after(HOUR)),
          Map.entry("due, not received", Timers::due),
          Map.entry(
              "due, received",
              () -> {
                Timer t = Timer.after(SOON);
                t.channel().receive();
                return t;
              }),
          Map.entry(
              "stopped before it was due",
              () -> {
                Timer t = Timer.after(HOUR);
                t.stop();
                return t;
              }),
          Map.entry(
              "stopped when due, not received",
              () -> {
                Timer t = due();
                t.stop();
                return t;
              }),
          Map.entry(
              "of no time, not received",
              () -> {
                Timer t = Timer.after(Duration.ZERO);
                Go.sleep(SOON);
                return t;
              }),
          Map.entry(
              "of negative time, not received",
              () -> {
                Timer t = Timer.after(HOUR.negated());
                Go.sleep(SOON);
                return t;
              }),
          Map.entry(
              "received, then reset to an hour",
              () -> {
                Timer t = Timer.after(Duration.ZERO);
                t.channel().receive();
                t.reset(HOUR);
                return t;
              }),
          Map.entry(
              "due, not received, then reset to an hour",
              () -> {
                Timer t = due();
                t.reset(HOUR);
                return t;
              }),
          Map.entry(
              "stopped, then reset and due",
              () -> {
                Timer t = Timer.after(HOUR);
                t.stop();
                t.reset(SOON);
                Go.sleep(LATER);
                return t;
              }));

  private static final List<Map.Entry<String, Operation>> OPERATIONS =
      List.of(
          Map.entry("stop", t -> t.stop() + ", then " + ticked(t.channel())),
          Map.entry("stop twice", t -> t.stop() + ", " + t.stop()),
          Map.entry("reset to an hour", t -> t.reset(HOUR) + ", then " + ticked(t.channel())),
          Map.entry(
              "reset to a millisecond",
              t -> {
                boolean was = t.reset(SOON);
                t.channel().receive();
                return was + ", then a time, then " + ticked(t.channel());
              }),
          Map.entry("receive if ready", t -> ticked(t.channel()) + ", then " + ticked(t.channel())),
          Map.entry("receive", Timers::receive),
          Map.entry("len and cap", t -> t.channel().len() + " and " + t.channel().cap()));

  private static Timer due() throws InterruptedException {
    Timer t = Timer.after(SOON);
    Go.sleep(LATER);
    return t;
  }

  private static String ticked(ReceiveChannel<Instant> ch) {
    return ch.tryReceive().isPresent() ? "a time" : "nothing";
  }

  private static String receive(Timer t) throws InterruptedException {
    t.channel().receive();
    return "a time";
  }

  static void addTo(List<Scenario> all) {
    for (var operation : OPERATIONS) {
      for (var state : STATES) {
        // A time that will come is awaited; all else is said when it has settled.
        boolean awaited = operation.getKey().equals("reset to a millisecond");
        all.add(
            new Scenario(
                "timer",
                operation.getKey(),
                state.getKey(),
                s -> {
                  Timer t = state.getValue().make();
                  return awaited
                      ? operation.getValue().run(t)
                      : s.start(() -> operation.getValue().run(t)).toString();
                }));
      }
    }
    addWaiting("timer", all);
    addFunctions("timer with a function", all);
    addTickers("ticker", all);
  }

  private static void addWaiting(String g, List<Scenario> all) {
    all.add(
        new Scenario(
            g,
            "stop",
            "in an hour, a receiver waits",
            s -> {
              Timer t = Timer.after(HOUR);
              var a = s.start(() -> receive(t));
              return t.stop() + "; " + s.tell(a);
            }));
    all.add(
        new Scenario(
            g,
            "reset to a millisecond",
            "in an hour, a receiver waits",
            s -> {
              Timer t = Timer.after(HOUR);
              Channel<String> got = Channel.unbuffered();
              s.launch(
                  () -> {
                    got.send(receive(t));
                    return "";
                  });
              return t.reset(SOON) + "; " + got.receive();
            }));
    all.add(
        new Scenario(
            g,
            "two receivers",
            "in a millisecond",
            s -> {
              Timer t = Timer.after(HOUR);
              var a = s.start(() -> receive(t));
              var b = s.start(() -> receive(t));
              t.reset(SOON);
              while (!a.hasFinished()) {
                Go.sleep(SOON);
              }
              return s.tell(a, b);
            }));
  }

  private static void addFunctions(String g, List<Scenario> all) {
    all.add(
        new Scenario(
            g,
            "channel",
            "",
            s -> {
              Timer t = Timer.afterFunc(HOUR, () -> {});
              try {
                return t.channel() == null ? "nil" : "a channel";
              } finally {
                t.stop();
              }
            }));
    all.add(
        new Scenario(
            g,
            "stop",
            "in an hour",
            s -> {
              Timer t = Timer.afterFunc(HOUR, () -> {});
              return t.stop() + ", again " + t.stop();
            }));
    all.add(
        new Scenario(
            g,
            "stop",
            "after it ran",
            s -> {
              Channel<Integer> ran = Channel.unbuffered();
              Timer t = Timer.afterFunc(SOON, ran::close);
              ran.receiveOrNull();
              return "" + t.stop();
            }));
    all.add(
        new Scenario(
            g,
            "stop",
            "while it runs",
            s -> {
              Channel<Integer> begun = Channel.unbuffered();
              Channel<Integer> end = Channel.unbuffered();
              Channel<Integer> ended = Channel.unbuffered();
              Timer t =
                  Timer.afterFunc(
                      SOON,
                      () -> {
                        begun.close();
                        end.receiveOrNull();
                        ended.close();
                      });
              begun.receiveOrNull();
              String said = "" + t.stop();
              end.close();
              ended.receiveOrNull();
              return said + ", and does not wait";
            }));
    all.add(
        new Scenario(
            g,
            "reset to a millisecond",
            "in an hour",
            s -> {
              Channel<Integer> ran = Channel.unbuffered();
              Timer t = Timer.afterFunc(HOUR, () -> ran.send(1));
              boolean was = t.reset(SOON);
              ran.receive();
              return was + ", then runs";
            }));
    all.add(
        new Scenario(
            g,
            "reset to a millisecond",
            "after it ran",
            s -> {
              Channel<Integer> ran = Channel.unbuffered();
              Timer t = Timer.afterFunc(SOON, () -> ran.send(1));
              ran.receive();
              boolean was = t.reset(SOON);
              ran.receive();
              return was + ", then runs again";
            }));
    all.add(
        new Scenario(
            g,
            "reset to a millisecond",
            "stopped",
            s -> {
              Channel<Integer> ran = Channel.unbuffered();
              Timer t = Timer.afterFunc(HOUR, () -> ran.send(1));
              t.stop();
              boolean was = t.reset(SOON);
              ran.receive();
              return was + ", then runs";
            }));
  }

  private static String ok(Ticker ticker) {
    ticker.stop();
    return "ok";
  }

  private static void addTickers(String g, List<Scenario> all) {
    Duration negative = Duration.ofNanos(-1);
    all.add(new Scenario(g, "make", "period 0", s -> ok(Ticker.every(Duration.ZERO))));
    all.add(new Scenario(g, "make", "negative period", s -> ok(Ticker.every(negative))));
    for (var period : List.of(Duration.ZERO, negative)) {
      all.add(
          new Scenario(
              g,
              "reset",
              period.isZero() ? "period 0" : "negative period",
              s -> {
                Ticker t = Ticker.every(HOUR);
                t.reset(period);
                return ok(t);
              }));
    }
    all.add(
        new Scenario(
            g,
            "len and cap",
            "due",
            s -> {
              Ticker t = Ticker.every(SOON);
              Go.sleep(LATER);
              return t.channel().len() + " and " + t.channel().cap();
            }));
    all.add(
        new Scenario(
            g,
            "receive three times",
            "every millisecond",
            s -> {
              ReceiveChannel<Instant> ch = Ticker.every(SOON).channel();
              Instant a = ch.receive();
              Instant b = ch.receive();
              Instant c = ch.receive();
              return "rising: " + (a.isBefore(b) && b.isBefore(c));
            }));
    all.add(
        new Scenario(
            g, "receive if ready", "every hour", s -> ticked(Ticker.every(HOUR).channel())));
    all.add(
        new Scenario(
            g,
            "receive if ready",
            "due several times",
            s -> {
              Ticker t = Ticker.every(SOON);
              Go.sleep(LATER);
              return ticked(t.channel());
            }));
    all.add(
        new Scenario(
            g,
            "stop",
            "due, not received",
            s -> {
              Ticker t = Ticker.every(SOON);
              Go.sleep(LATER);
              t.stop();
              return "then " + ticked(t.channel());
            }));
    all.add(
        new Scenario(
            g,
            "stop, then receive",
            "every millisecond",
            s -> {
              Ticker t = Ticker.every(SOON);
              t.channel().receive();
              t.stop();
              t.stop();
              return s.start(
                      () -> {
                        t.channel().receive();
                        return "a time";
                      })
                  .toString();
            }));
    all.add(
        new Scenario(
            g,
            "reset to an hour",
            "due, not received",
            s -> {
              Ticker t = Ticker.every(SOON);
              Go.sleep(LATER);
              t.reset(HOUR);
              return "then " + ticked(t.channel());
            }));
    all.add(
        new Scenario(
            g,
            "reset to a millisecond",
            "stopped",
            s -> {
              Ticker t = Ticker.every(HOUR);
              t.stop();
              t.reset(SOON);
              t.channel().receive();
              t.channel().receive();
              return "ticks again";
            }));
  }
}
