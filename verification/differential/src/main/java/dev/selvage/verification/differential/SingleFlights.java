package dev.selvage.verification.differential;

import dev.selvage.CancellableContext;
import dev.selvage.Channel;
import dev.selvage.Context;
import dev.selvage.ReceiveChannel;
import dev.selvage.TaskFailedException;
import dev.selvage.sync.SingleFlight;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The single flight of golang.org/x/sync. */
final class SingleFlights {
  private static final String G = "SingleFlight";

  private SingleFlights() {}

  /** One group, whose functions say how often any was run. */
  private static final class Flight {
    final SingleFlight<String, Object> group = new SingleFlight<>();
    final AtomicInteger runs = new AtomicInteger();

    SingleFlight.Body<Object> function() {
      return function(null, null);
    }

    /** One that waits for a channel, unless that is null, before it ends or fails. */
    SingleFlight.Body<Object> function(
        @Nullable Channel<Integer> end, @Nullable Exception failure) {
      return () -> {
        int n = runs.incrementAndGet();
        if (end != null) {
          Integer unused = end.receiveOrNull();
        }
        if (failure != null) {
          throw failure;
        }
        return n;
      };
    }

    Callable<String> run(String key, SingleFlight.Body<Object> function) {
      return () -> {
        try {
          return said(group.run(key, function));
        } catch (TaskFailedException e) {
          return ErrorGroups.said(e);
        } catch (CancellationException e) {
          return "error: " + e.getMessage();
        }
      };
    }

    Callable<String> receive(ReceiveChannel<SingleFlight.Result<Object>> channel) {
      return () -> {
        SingleFlight.Result<Object> result = channel.receiveOrNull();
        return result == null ? "closed" : said(result);
      };
    }

    private static String said(SingleFlight.Result<Object> result) {
      Throwable exception = result.exception();
      return exception != null
          ? "error: " + exception.getMessage()
          : "got " + result.value() + ", shared: " + result.shared();
    }

    String after(String said) {
      return said + "; run " + runs;
    }
  }

  static void addTo(List<Scenario> all) {
    addRun(all);
    addNested(all);
    addEnds(all);
    addForget(all);
    addInBackground(all);
  }

  private static void addRun(List<Scenario> all) {
    all.add(
        new Scenario(
            G,
            "do",
            "nobody does",
            s -> {
              Flight f = new Flight();
              return s.start(f.run("k", f.function())).toString();
            }));
    all.add(new Scenario(G, "do", "another does, for the same key", s -> beside(s, "k")));
    all.add(new Scenario(G, "do", "another does, for another key", s -> beside(s, "other")));
    all.add(
        new Scenario(
            G,
            "do",
            "another did, for the same key",
            s -> {
              Flight f = new Flight();
              String first = f.run("k", f.function()).call();
              return first + ", then " + f.run("k", f.function()).call();
            }));
    all.add(
        new Scenario(
            G,
            "do",
            "another failed, for the same key",
            s -> {
              Flight f = new Flight();
              String first = f.run("k", f.function(null, new Exception("boom"))).call();
              return first + ", then " + f.run("k", f.function()).call();
            }));
  }

  private static String beside(Stage s, String other) throws InterruptedException {
    Flight f = new Flight();
    var a = s.start(f.run(other, f.function(Channel.unbuffered(), null)));
    var b = s.start(f.run("k", f.function()));
    return f.after(s.tell(a, b));
  }

  private static void addNested(List<Scenario> all) {
    for (String key : List.of("k", "other")) {
      all.add(
          new Scenario(
              G,
              "do",
              "within itself, for " + (key.equals("k") ? "the same key" : "another key"),
              s -> {
                Flight f = new Flight();
                return s.start(f.run("k", () -> f.run(key, f.function()).call())).toString();
              }));
    }
  }

  private static void addEnds(List<Scenario> all) {
    all.add(
        new Scenario(
            G,
            "the function ends",
            "two wait for its result",
            s -> {
              Flight f = new Flight();
              Channel<Integer> end = Channel.unbuffered();
              var a = s.start(f.run("k", f.function(end, null)));
              var b = s.start(f.run("k", f.function()));
              var c = s.start(f.run("k", f.function()));
              end.close();
              return f.after(s.finish(a, b, c));
            }));
    all.add(
        new Scenario(
            G,
            "the function fails",
            "one waits for its result",
            s -> withFollower(s, new Exception("boom"))));
    all.add(
        new Scenario(
            G,
            "the function panics",
            "one waits for its result",
            // Here an exception is both, an error and a panic; so it is told as what it is in Go.
            s ->
                withFollower(s, new IllegalStateException("boom")).replace("error: ", "panics: ")));
    all.add(
        new Scenario(
            G,
            "the function is cancelled",
            "one waits for its result",
            s -> {
              CancellableContext ctx = Context.background().withCancel();
              ctx.cancel();
              return withFollower(s, Objects.requireNonNull(ctx.error()));
            }));
  }

  private static String withFollower(Stage s, Exception failure) throws InterruptedException {
    Flight f = new Flight();
    Channel<Integer> end = Channel.unbuffered();
    var a = s.start(f.run("k", f.function(end, failure)));
    var b = s.start(f.run("k", f.function()));
    end.close();
    return f.after(s.finish(a, b));
  }

  private static void addForget(List<Scenario> all) {
    all.add(
        new Scenario(
            G,
            "forget",
            "nobody does",
            s -> {
              new Flight().group.forget("k");
              return "ok";
            }));
    all.add(
        new Scenario(
            G,
            "forget, then do",
            "another does, and one waits for it",
            s -> {
              Flight f = new Flight();
              Channel<Integer> end = Channel.unbuffered();
              var a = s.start(f.run("k", f.function(end, null)));
              var b = s.start(f.run("k", f.function()));
              f.group.forget("k");
              var c = s.start(f.run("k", f.function()));
              String first = s.tell(c);
              end.close();
              return f.after(first + ", then the others: " + s.finish(a, b));
            }));
  }

  private static void addInBackground(List<Scenario> all) {
    String inBackground = "do in the background";
    all.add(
        new Scenario(
            G,
            inBackground,
            "nobody does",
            s -> {
              Flight f = new Flight();
              var channel = f.group.runChan("k", f.function());
              String first = f.receive(channel).call();
              return first + ", then " + s.start(f.receive(channel));
            }));
    all.add(
        new Scenario(
            G,
            inBackground,
            "another does, and ends",
            s -> {
              Flight f = new Flight();
              Channel<Integer> end = Channel.unbuffered();
              var a = s.start(f.run("k", f.function(end, null)));
              var channel = f.group.runChan("k", f.function());
              var b = s.start(f.receive(channel));
              String first = s.tell(b);
              end.close();
              return f.after(first + ", then " + s.finish(a, b));
            }));
    all.add(
        new Scenario(
            G,
            "do",
            "another does in the background, and ends",
            s -> {
              Flight f = new Flight();
              Channel<Integer> end = Channel.unbuffered();
              Channel<Integer> begun = Channel.unbuffered();
              SingleFlight.Body<Object> function = f.function(end, null);
              var channel =
                  f.group.runChan(
                      "k",
                      () -> {
                        begun.close();
                        return function.run();
                      });
              Integer unused = begun.receiveOrNull();
              var a = s.start(f.run("k", f.function()));
              end.close();
              return f.after(s.finish(a) + "; in the background: " + f.receive(channel).call());
            }));
    all.add(
        new Scenario(
            G,
            "do in the background, and it fails",
            "nobody does",
            s -> failsInBackground(new Exception("boom"))));
    all.add(
        new Scenario(
            G,
            "do in the background, and it panics",
            "nobody does",
            s -> failsInBackground(new IllegalStateException("boom"))));
  }

  private static String failsInBackground(Exception failure) throws Exception {
    Flight f = new Flight();
    return f.receive(f.group.runChan("k", f.function(null, failure))).call();
  }
}
