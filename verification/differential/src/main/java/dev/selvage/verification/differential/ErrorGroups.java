package dev.selvage.verification.differential;

import dev.selvage.CancellableContext;
import dev.selvage.Channel;
import dev.selvage.Context;
import dev.selvage.Go;
import dev.selvage.TaskFailedException;
import dev.selvage.sync.ErrorGroup;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The error group of golang.org/x/sync. */
final class ErrorGroups {
  private static final String G = "ErrorGroup";

  private ErrorGroups() {}

  /** How an error of Go's is told here: by the exception that it is. */
  static String said(TaskFailedException e) {
    return "error: "
        + Objects.requireNonNull(e.getCause(), "a failure without a cause").getMessage();
  }

  private static Callable<String> waitFor(ErrorGroup group) {
    return () -> {
      try {
        group.await();
        return "returns";
      } catch (TaskFailedException e) {
        return said(e);
      }
    };
  }

  private static Go.Action fails(String text) {
    return () -> {
      throw new Exception(text);
    };
  }

  private static void work() {}

  /**
   * A task of the group that goes on until a channel is closed, and has begun when this returns.
   */
  private static void startTask(ErrorGroup group, Channel<Integer> end, @Nullable Exception result)
      throws InterruptedException {
    Channel<Integer> begun = Channel.unbuffered();
    group.go(
        () -> {
          begun.close();
          Integer unused = end.receiveOrNull();
          if (result != null) {
            throw result;
          }
        });
    Integer unused = begun.receiveOrNull();
  }

  private static ErrorGroup running(ErrorGroup group) throws InterruptedException {
    startTask(group, Channel.unbuffered(), null);
    return group;
  }

  static void addTo(List<Scenario> all) {
    addWait(all);
    addMoreWait(all);
    addContext(all);
    addLimit(all);
  }

  private static void addWait(List<Scenario> all) {
    all.add(
        new Scenario(
            G, "wait", "nothing was started", s -> s.start(waitFor(new ErrorGroup())).toString()));
    all.add(
        new Scenario(
            G, "wait", "one runs", s -> s.start(waitFor(running(new ErrorGroup()))).toString()));
    all.add(new Scenario(G, "wait, by two", "one runs, and ends", s -> byTwo(s, null)));
    all.add(
        new Scenario(
            G, "wait, by two", "one runs, and fails", s -> byTwo(s, new Exception("boom"))));
    all.add(
        new Scenario(
            G,
            "wait",
            "one of ten fails",
            s -> {
              ErrorGroup group = new ErrorGroup();
              Channel<Integer> n = Channel.buffered(10);
              for (int i = 0; i < 10; i++) {
                int number = i;
                group.go(
                    () -> {
                      n.send(number);
                      if (number == 4) {
                        throw new Exception("boom");
                      }
                    });
              }
              return waitFor(group).call() + "; " + n.len() + " of 10 had run";
            }));
    all.add(
        new Scenario(
            G,
            "wait",
            "one failed, then another",
            s -> {
              ErrorGroup group = ErrorGroup.withContext(Context.background());
              group.go(fails("first"));
              Void unused = group.context().done().receiveOrNull();
              group.go(fails("second"));
              return waitFor(group).call();
            }));
  }

  private static String byTwo(Stage s, @Nullable Exception result) throws InterruptedException {
    ErrorGroup group = new ErrorGroup();
    Channel<Integer> end = Channel.unbuffered();
    startTask(group, end, result);
    var a = s.start(waitFor(group));
    var b = s.start(waitFor(group));
    end.close();
    return s.finish(a, b);
  }

  private static void addMoreWait(List<Scenario> all) {
    all.add(
        new Scenario(
            G,
            "wait twice",
            "one failed",
            s -> {
              ErrorGroup group = new ErrorGroup();
              group.go(fails("boom"));
              return waitFor(group).call() + ", then " + waitFor(group).call();
            }));
    String again = "wait, start another, and wait";
    all.add(
        new Scenario(
            G,
            again,
            "nothing failed",
            s -> {
              ErrorGroup group = new ErrorGroup();
              group.go(ErrorGroups::work);
              String said = waitFor(group).call();
              group.go(fails("boom"));
              return said + ", then " + waitFor(group).call();
            }));
    all.add(
        new Scenario(
            G,
            again,
            "one failed",
            s -> {
              ErrorGroup group = new ErrorGroup();
              group.go(fails("boom"));
              String said = waitFor(group).call();
              group.go(ErrorGroups::work);
              return said + ", then " + waitFor(group).call();
            }));
    all.add(
        new Scenario(
            G,
            "wait",
            "one panicked",
            s -> {
              ErrorGroup group = new ErrorGroup();
              group.go(
                  () -> {
                    throw new IllegalStateException("boom");
                  });
              return waitFor(group).call();
            }));
  }

  // --------------- Its context ---------------

  private static String state(Context context) {
    if (!context.isDone()) {
      return "not done";
    }
    Throwable error = Objects.requireNonNull(context.error(), "done without an error");
    Throwable cause = Objects.requireNonNull(context.cause(), "done without a cause");
    return "done: " + error.getMessage() + ", because of: " + cause.getMessage();
  }

  private static void addContext(List<Scenario> all) {
    String look = "look at its context";
    all.add(
        new Scenario(
            G,
            look,
            "one runs",
            s -> state(running(ErrorGroup.withContext(Context.background())).context())));
    all.add(
        new Scenario(
            G,
            look,
            "one of two failed",
            s -> {
              ErrorGroup group = running(ErrorGroup.withContext(Context.background()));
              group.go(fails("boom"));
              Void unused = group.context().done().receiveOrNull();
              return state(group.context());
            }));
    all.add(
        new Scenario(
            G,
            look,
            "waited for",
            s -> {
              ErrorGroup group = ErrorGroup.withContext(Context.background());
              group.go(ErrorGroups::work);
              return waitFor(group).call() + "; " + state(group.context());
            }));
    all.add(
        new Scenario(
            G,
            "wait",
            "its context was cancelled, its task says so",
            s -> {
              CancellableContext parent = Context.background().withCancel();
              ErrorGroup group = ErrorGroup.withContext(parent);
              Context context = group.context();
              group.go(
                  () -> {
                    Void unused = context.done().receiveOrNull();
                    throw Objects.requireNonNull(context.error());
                  });
              parent.cancel();
              return waitFor(group).call() + "; " + state(context);
            }));
  }

  // --------------- Its limit ---------------

  private static ErrorGroup limited(int limit) {
    ErrorGroup group = new ErrorGroup();
    group.setLimit(limit);
    return group;
  }

  private interface State {
    ErrorGroup make() throws Exception;
  }

  private static final List<Map.Entry<String, State>> LIMITS =
      List.of(
          Map.entry("no limit, one runs", () -> running(new ErrorGroup())),
          Map.entry("limit 0", () -> limited(0)),
          Map.entry("limit 1", () -> limited(1)),
          Map.entry("limit 1, one runs", () -> running(limited(1))),
          Map.entry(
              "limit 1, one ran and was waited for",
              () -> {
                ErrorGroup group = limited(1);
                group.go(ErrorGroups::work);
                group.await();
                return group;
              }),
          Map.entry("limit 2, one runs", () -> running(limited(2))),
          Map.entry("limit -1, one runs", () -> running(limited(-1))));

  private interface Operation {
    String run(ErrorGroup group) throws Exception;
  }

  private static String setLimit(ErrorGroup group, int limit) {
    group.setLimit(limit);
    return "ok";
  }

  private static final List<Map.Entry<String, Operation>> OPERATIONS =
      List.of(
          Map.entry(
              "go",
              group -> {
                group.go(ErrorGroups::work);
                return "started";
              }),
          Map.entry("go if possible", group -> "" + group.tryGo(ErrorGroups::work)),
          Map.entry("set limit 2", group -> setLimit(group, 2)),
          Map.entry("set limit -1", group -> setLimit(group, -1)));

  private static void addLimit(List<Scenario> all) {
    for (var operation : OPERATIONS) {
      for (var limit : LIMITS) {
        all.add(
            new Scenario(
                G,
                operation.getKey(),
                limit.getKey(),
                s -> {
                  ErrorGroup group = limit.getValue().make();
                  return s.start(() -> operation.getValue().run(group)).toString();
                }));
      }
    }
    all.add(
        new Scenario(
            G,
            "go",
            "limit 1, one runs, and ends",
            s -> {
              ErrorGroup group = limited(1);
              Channel<Integer> end = Channel.unbuffered();
              startTask(group, end, null);
              Callable<String> going =
                  () -> {
                    group.go(ErrorGroups::work);
                    return "started";
                  };
              var a = s.start(going);
              String first = s.tell(a);
              end.close();
              return first + ", then " + s.finish(a);
            }));
    all.add(
        new Scenario(
            G,
            "go ten times",
            "limit 3",
            s -> {
              ErrorGroup group = limited(3);
              AtomicInteger now = new AtomicInteger();
              AtomicInteger most = new AtomicInteger();
              for (int i = 0; i < 10; i++) {
                group.go(
                    () -> {
                      most.accumulateAndGet(now.incrementAndGet(), Math::max);
                      now.decrementAndGet();
                    });
              }
              return waitFor(group).call() + "; never more than 3: " + (most.get() <= 3);
            }));
  }
}
