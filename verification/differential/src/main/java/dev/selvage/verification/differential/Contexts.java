package dev.selvage.verification.differential;

import dev.selvage.CancellableContext;
import dev.selvage.Channel;
import dev.selvage.Context;
import dev.selvage.Select;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Every derivation of a context: how it ends, its texts, its deadline, its values. */
final class Contexts {
  private static final Context.Key<Object> USER = Context.Key.of("user");
  private static final Context.Key<Object> HOST = Context.Key.of("host");
  private static final Context.Key<Object> A = Context.Key.of("a");
  private static final Context.Key<Object> B = Context.Key.of("b");

  private static final Instant FAR = Instant.parse("2100-01-02T03:04:05Z");
  private static final Instant FARTHER = FAR.plusSeconds(3600);
  private static final Instant PAST = Instant.parse("2000-01-01T00:00:00Z");
  private static final Duration HOUR = Duration.ofHours(1);
  private static final Duration MILLISECOND = Duration.ofMillis(1);

  private Contexts() {}

  private static Exception boom() {
    return new Exception("boom");
  }

  private static Exception bang() {
    return new Exception("bang");
  }

  /** A context, and what cancels it, if anything. */
  private record Derived(Context context, @Nullable Runnable cancel) {
    static Derived of(CancellableContext context) {
      return new Derived(context, context::cancel);
    }
  }

  private interface Derivation {
    Derived make();
  }

  private static Context background() {
    return Context.background();
  }

  private static final List<Map.Entry<String, Derivation>> DERIVATIONS =
      List.of(
          Map.entry("background", () -> new Derived(background(), null)),
          Map.entry("with cancel", () -> Derived.of(background().withCancel())),
          Map.entry(
              "with cancel cause",
              () -> {
                var ctx = background().withCancel();
                return new Derived(ctx, () -> ctx.cancel(boom()));
              }),
          Map.entry("with timeout", () -> Derived.of(background().withTimeout(HOUR))),
          Map.entry(
              "with timeout and cause", () -> Derived.of(background().withTimeout(HOUR, boom()))),
          Map.entry("with deadline", () -> Derived.of(background().withDeadline(FAR))),
          Map.entry(
              "with deadline and cause", () -> Derived.of(background().withDeadline(FAR, boom()))),
          Map.entry("with deadline in the past", () -> Derived.of(background().withDeadline(PAST))),
          Map.entry(
              "with deadline in the past and cause",
              () -> Derived.of(background().withDeadline(PAST, boom()))),
          Map.entry("with timeout of 0", () -> Derived.of(background().withTimeout(Duration.ZERO))),
          Map.entry(
              "with negative timeout and cause",
              () -> Derived.of(background().withTimeout(Duration.ofSeconds(-1), boom()))),
          Map.entry("with value", () -> new Derived(background().withValue(USER, 1), null)),
          Map.entry("without cancel", () -> new Derived(background().withoutCancel(), null)),
          Map.entry(
              "value of cancel",
              () -> {
                var ctx = background().withCancel();
                return new Derived(ctx.withValue(USER, 1), ctx::cancel);
              }),
          Map.entry(
              "without cancel of cancel",
              () -> {
                var ctx = background().withCancel();
                return new Derived(ctx.withoutCancel(), ctx::cancel);
              }),
          Map.entry(
              "cancel of without cancel of cancel",
              () -> {
                var ctx = background().withCancel();
                return new Derived(ctx.withoutCancel().withCancel(), ctx::cancel);
              }),
          Map.entry(
              "cancel of cancel, the parent's",
              () -> {
                var ctx = background().withCancel();
                return new Derived(ctx.withCancel(), ctx::cancel);
              }),
          Map.entry(
              "cancel of cancel cause, the parent's",
              () -> {
                var ctx = background().withCancel();
                return new Derived(ctx.withCancel(), () -> ctx.cancel(boom()));
              }),
          Map.entry(
              "timeout of cancel, the parent's",
              () -> {
                var ctx = background().withCancel();
                return new Derived(ctx.withTimeout(HOUR, boom()), ctx::cancel);
              }),
          Map.entry(
              "cancel of value of cancel of value, the grandparent's",
              () -> {
                var ctx = background().withValue(A, 1).withCancel();
                return new Derived(ctx.withValue(B, 1).withCancel(), ctx::cancel);
              }),
          Map.entry(
              "cancel of a cancelled one",
              () -> {
                var ctx = background().withCancel();
                ctx.cancel(boom());
                return Derived.of(ctx.withCancel());
              }),
          Map.entry(
              "deadline of a cancelled one",
              () -> {
                var ctx = background().withCancel();
                ctx.cancel(boom());
                return Derived.of(ctx.withDeadline(PAST));
              }),
          Map.entry(
              "earlier deadline of a deadline",
              () -> Derived.of(background().withDeadline(FARTHER).withDeadline(FAR))),
          Map.entry(
              "later deadline of a deadline",
              () -> Derived.of(background().withDeadline(FAR).withDeadline(FARTHER))),
          Map.entry(
              "the same deadline of a deadline",
              () -> Derived.of(background().withDeadline(FAR).withDeadline(FAR))),
          Map.entry(
              "later deadline with cause of an expired deadline",
              () -> Derived.of(background().withDeadline(PAST).withDeadline(FAR, boom()))));

  private static boolean isReady(Context ctx) throws InterruptedException {
    return Select.select(Select.done(ctx, cause -> true), Select.otherwise(() -> false));
  }

  private static String tell(Context ctx) throws InterruptedException {
    // The channel first: who asks for the error of a context would close it.
    return (isReady(ctx) ? "done" : "not done")
        + ", error "
        + text(ctx.error())
        + ", cause "
        + text(ctx.cause());
  }

  private static String text(@Nullable Throwable e) {
    return e == null ? "none" : String.valueOf(e.getMessage());
  }

  private static String name(Context ctx) {
    boolean named = ctx.deadline().filter(d -> !d.equals(FAR) && !d.equals(PAST)).isEmpty();
    return named
        ? ctx.toString()
        : "ends with a time: "
            + ctx.toString().matches("context\\.Background.*\\.WithDeadline\\(.*\\)");
  }

  private static String deadline(Context ctx) {
    Optional<Instant> deadline = ctx.deadline();
    if (deadline.isEmpty()) {
      return "none";
    }
    Instant d = deadline.get();
    if (d.equals(FAR)) {
      return "far";
    } else if (d.equals(FARTHER)) {
      return "farther";
    } else if (d.equals(PAST)) {
      return "past";
    } else {
      return d.isBefore(Instant.now()) ? "before now" : "after now";
    }
  }

  static void addTo(List<Scenario> all) {
    for (var d : DERIVATIONS) {
      String name = d.getKey();
      Derivation derivation = d.getValue();
      all.add(new Scenario("context", name, "made", s -> tell(derivation.make().context)));
      if (derivation.make().cancel != null) {
        all.add(
            new Scenario(
                "context",
                name,
                "cancelled",
                s -> {
                  Derived made = derivation.make();
                  Optional.ofNullable(made.cancel).orElseThrow().run();
                  return tell(made.context);
                }));
      }
      all.add(new Scenario("context text", name, "", s -> name(derivation.make().context)));
      all.add(new Scenario("context deadline", name, "", s -> deadline(derivation.make().context)));
    }
    addCancelling("context", all);
    addWaiting("context", all);
    addValues("context value", all);
    addAfterFunc("context afterFunc", all);
  }

  private static void addCancelling(String g, List<Scenario> all) {
    all.add(
        new Scenario(
            g,
            "cancel",
            "twice, with two causes",
            s -> {
              var ctx = background().withCancel();
              ctx.cancel(boom());
              ctx.cancel(bang());
              return tell(ctx);
            }));
    all.add(new Scenario(g, "cancel", "with no cause, then with one", s -> cancelWithNull()));
    all.add(
        new Scenario(
            g,
            "cancel the child, then the parent",
            "both with causes",
            s -> {
              var parent = background().withCancel();
              var child = parent.withCancel();
              child.cancel(boom());
              String said = tell(parent);
              parent.cancel(bang());
              return said + "; " + tell(child) + "; " + tell(parent);
            }));
    all.add(
        new Scenario(
            g,
            "cancel the parent, then the child",
            "both with causes",
            s -> {
              var parent = background().withCancel();
              var child = parent.withCancel();
              parent.cancel(bang());
              child.cancel(boom());
              return tell(child);
            }));
    all.add(
        new Scenario(
            g,
            "cancel",
            "after the timeout",
            s -> {
              var ctx = background().withTimeout(MILLISECOND);
              ctx.done().receiveOrNull();
              ctx.cancel();
              return tell(ctx);
            }));
    all.add(new Scenario(g, "with value", "no key", s -> withValueOfNull()));
  }

  @SuppressWarnings("NullAway") // the mistake is what is asked for
  private static String cancelWithNull() throws InterruptedException {
    var ctx = background().withCancel();
    ctx.cancel(null);
    ctx.cancel(boom());
    return tell(ctx);
  }

  @SuppressWarnings("NullAway") // the mistake is what is asked for
  private static String withValueOfNull() {
    return background().withValue((Context.Key<Object>) null, 1).toString();
  }

  private static String await(Context ctx) throws InterruptedException {
    ctx.done().receiveOrNull();
    return "done";
  }

  private static void addWaiting(String g, List<Scenario> all) {
    all.add(
        new Scenario(
            g,
            "wait",
            "not done",
            s -> {
              var ctx = background().withCancel();
              return s.start(() -> await(ctx)).toString();
            }));
    all.add(
        new Scenario(g, "wait", "background", s -> s.start(() -> await(background())).toString()));
    all.add(
        new Scenario(
            g,
            "wait",
            "not done; then cancelled by the grandparent",
            s -> {
              var parent = background().withCancel();
              var ctx = parent.withValue(A, 1).withCancel();
              var a = s.start(() -> await(ctx));
              parent.cancel();
              return s.tell(a);
            }));
    all.add(
        new Scenario(
            g,
            "wait",
            "timeout of one millisecond",
            s -> {
              var ctx = background().withTimeout(MILLISECOND);
              ctx.done().receiveOrNull();
              return tell(ctx);
            }));
    all.add(
        new Scenario(
            g,
            "wait",
            "timeout of one millisecond, with cause",
            s -> {
              var ctx = background().withTimeout(MILLISECOND, boom());
              ctx.done().receiveOrNull();
              return tell(ctx);
            }));
    all.add(
        new Scenario(
            g,
            "wait",
            "timeout of one millisecond, with cause, of the parent",
            s -> {
              var parent = background().withTimeout(MILLISECOND, boom());
              var ctx = parent.withTimeout(HOUR, bang());
              ctx.done().receiveOrNull();
              return tell(ctx);
            }));
  }

  private static void addValues(String g, List<Scenario> all) {
    String op = "look up";
    all.add(new Scenario(g, op, "not set", s -> "" + (background().value(USER) == null)));
    all.add(new Scenario(g, op, "set", s -> "" + background().withValue(USER, "ann").value(USER)));
    all.add(
        new Scenario(
            g,
            op,
            "another is set",
            s -> "" + (background().withValue(USER, "ann").value(HOST) == null)));
    all.add(
        new Scenario(
            g,
            op,
            "set twice",
            s -> {
              Context outer = background().withValue(USER, "ann");
              Context inner = outer.withValue(USER, "bob");
              return inner.value(USER) + " inside, " + outer.value(USER) + " outside";
            }));
    all.add(
        new Scenario(
            g,
            op,
            "set above cancel, timeout and without cancel",
            s -> {
              var cancellable = background().withValue(USER, "ann").withCancel();
              Context ctx = cancellable.withTimeout(HOUR).withoutCancel().withValue(HOST, "h");
              cancellable.cancel();
              return ctx.value(USER) + " " + ctx.value(HOST);
            }));
  }

  private static void addAfterFunc(String g, List<Scenario> all) {
    all.add(
        new Scenario(
            g,
            "stop",
            "not done",
            s -> {
              var ctx = background().withCancel();
              AtomicInteger runs = new AtomicInteger();
              var call = ctx.afterFunc(runs::incrementAndGet);
              String said = call.stop() + ", again " + call.stop();
              Channel<Integer> another = Channel.unbuffered();
              ctx.afterFunc(another::close);
              ctx.cancel();
              another.receiveOrNull();
              return said + "; runs " + runs;
            }));
    all.add(
        new Scenario(
            g,
            "stop",
            "after it ran",
            s -> {
              var ctx = background().withCancel();
              Channel<Integer> ran = Channel.unbuffered();
              var call = ctx.afterFunc(ran::close);
              ctx.cancel();
              ran.receiveOrNull();
              return "" + call.stop();
            }));
    all.add(
        new Scenario(
            g,
            "stop",
            "while it runs",
            s -> {
              var ctx = background().withCancel();
              Channel<Integer> begun = Channel.unbuffered();
              Channel<Integer> end = Channel.unbuffered();
              Channel<Integer> ended = Channel.unbuffered();
              var call =
                  ctx.afterFunc(
                      () -> {
                        begun.close();
                        end.receiveOrNull();
                        ended.close();
                      });
              ctx.cancel();
              begun.receiveOrNull();
              String said = "" + call.stop();
              end.close();
              ended.receiveOrNull();
              return said + ", and does not wait";
            }));
    all.add(
        new Scenario(
            g,
            "stop",
            "background",
            s -> {
              var call = background().afterFunc(() -> {});
              return call.stop() + ", again " + call.stop();
            }));
    all.add(
        new Scenario(
            g,
            "register",
            "done already",
            s -> {
              var ctx = background().withCancel();
              ctx.cancel();
              Channel<Integer> ran = Channel.unbuffered();
              var call = ctx.afterFunc(ran::close);
              ran.receiveOrNull();
              return "runs; stop " + call.stop();
            }));
    all.add(
        new Scenario(
            g,
            "register three",
            "then cancelled",
            s -> {
              var ctx = background().withCancel();
              Channel<Integer> ran = Channel.buffered(3);
              for (int i = 0; i < 3; i++) {
                int value = i;
                ctx.afterFunc(() -> ran.send(value));
              }
              ctx.cancel();
              return "sum " + (ran.receive() + ran.receive() + ran.receive());
            }));
    all.add(
        new Scenario(
            g,
            "register",
            "timeout of one millisecond",
            s -> {
              var ctx = background().withTimeout(MILLISECOND);
              Channel<String> said = Channel.unbuffered();
              ctx.afterFunc(() -> said.send(tell(ctx)));
              return said.receive();
            }));
    all.add(
        new Scenario(
            g,
            "register",
            "below without cancel",
            s -> {
              var ctx = background().withCancel();
              var call = ctx.withoutCancel().afterFunc(() -> {});
              ctx.cancel();
              return "stop " + call.stop();
            }));
  }
}
