package dev.selvage.verification.differential;

import dev.selvage.Channel;
import dev.selvage.Select;
import dev.selvage.sync.Once;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;

/** Once, and what is made with it. */
final class Onces {
  private static final String G = "Once";

  private Onces() {}

  private static Callable<String> doing(Once once, Once.Action<?> action) {
    return () -> {
      once.run(action);
      return "returns";
    };
  }

  private static Once.Action<RuntimeException> count(AtomicInteger n) {
    return n::incrementAndGet;
  }

  private static void blockForEver() throws InterruptedException {
    Object unused = Select.<Object, RuntimeException>select();
  }

  private static void boom() {
    throw new IllegalStateException("boom");
  }

  static void addTo(List<Scenario> all) {
    addRun(all);
    addValues(all);
  }

  private static void addRun(List<Scenario> all) {
    all.add(
        new Scenario(
            G,
            "do",
            "not done",
            s -> {
              AtomicInteger n = new AtomicInteger();
              var a = s.start(doing(new Once(), count(n)));
              return a + "; done " + n;
            }));
    all.add(
        new Scenario(
            G,
            "do",
            "done by another action",
            s -> {
              Once once = new Once();
              AtomicInteger n = new AtomicInteger();
              once.run(() -> {});
              var a = s.start(doing(once, count(n)));
              return a + "; done " + n;
            }));
    all.add(
        new Scenario(
            G,
            "do",
            "being done",
            s -> {
              Once once = new Once();
              var first = s.start(doing(once, Onces::blockForEver));
              return s.tell(first, s.start(doing(once, () -> {})));
            }));
    all.add(
        new Scenario(
            G,
            "do",
            "being done, and that ends",
            s -> {
              Once once = new Once();
              Channel<Integer> end = Channel.unbuffered();
              AtomicInteger n = new AtomicInteger();
              var first =
                  s.start(
                      doing(
                          once,
                          () -> {
                            Integer unused = end.receiveOrNull();
                            n.incrementAndGet();
                          }));
              var second = s.start(doing(once, count(n)));
              end.close();
              return s.tell(first, second) + "; done " + n;
            }));
    all.add(
        new Scenario(
            G,
            "do",
            "being done by the same goroutine",
            s -> {
              Once once = new Once();
              return s.start(doing(once, () -> once.run(() -> {}))).toString();
            }));
    all.add(
        new Scenario(
            G,
            "do, and it panics",
            "not done",
            s -> s.start(doing(new Once(), Onces::boom)).toString()));
    all.add(
        new Scenario(
            G,
            "do",
            "it panicked",
            s -> {
              Once once = new Once();
              AtomicInteger n = new AtomicInteger();
              s.start(doing(once, Onces::boom));
              var a = s.start(doing(once, count(n)));
              return a + "; done " + n;
            }));
  }

  private static void addValues(List<Scenario> all) {
    all.add(
        new Scenario(
            G,
            "call a once function",
            "it panicked",
            s -> {
              AtomicInteger n = new AtomicInteger();
              var f =
                  Once.func(
                      () -> {
                        n.incrementAndGet();
                        boom();
                      });
              Callable<String> call =
                  () -> {
                    f.run();
                    return "returns";
                  };
              s.start(call);
              var a = s.start(call);
              return a + "; done " + n;
            }));
    all.add(
        new Scenario(
            G,
            "get a once value",
            "got before",
            s -> {
              AtomicInteger n = new AtomicInteger();
              var f = Once.value(() -> 41 + n.incrementAndGet());
              f.get();
              var a = s.start(() -> "" + f.get());
              return a + "; done " + n;
            }));
    all.add(
        new Scenario(
            G,
            "get a once value",
            "being found out",
            s -> {
              var f =
                  Once.value(
                      () -> {
                        blockForEver();
                        return 0;
                      });
              var first = s.start(() -> "" + f.get());
              return s.tell(first, s.start(() -> "" + f.get()));
            }));
    all.add(
        new Scenario(
            G,
            "get a once value",
            "it panicked",
            s -> {
              AtomicInteger n = new AtomicInteger();
              var f =
                  Once.<Integer, RuntimeException>value(
                      () -> {
                        n.incrementAndGet();
                        throw new IllegalStateException("boom");
                      });
              s.start(() -> "" + f.get());
              var a = s.start(() -> "" + f.get());
              return a + "; done " + n;
            }));
  }
}
