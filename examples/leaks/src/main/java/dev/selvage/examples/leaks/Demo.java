package dev.selvage.examples.leaks;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * The sample order service at work: a real web server, and four customers who place up to ten
 * orders a second each. Each order goes through all versions of the six scenarios, so each leak
 * grows by one with every order. After two minutes there is only one order a second, so that it can
 * be left running for a day.
 *
 * <p>{@code Demo [--fixed] [--for DURATION]}: {@code --fixed} runs the versions that do not leak.
 * It lives for the duration ({@code 500ms}, {@code 30s}, {@code 2m}, {@code 1h} or ISO-8601), or,
 * without one, until standard input ends. It prints one line at its start and nothing more. Exit
 * codes: 0 done, 1 an order failed, 2 wrong arguments.
 */
public final class Demo {
  private static final String USAGE = "usage: Demo [--fixed] [--for DURATION]";
  private static final int CUSTOMERS = 4;
  private static final Duration BETWEEN_ORDERS = Duration.ofMillis(100);
  private static final Duration BETWEEN_LATER_ORDERS = Duration.ofSeconds(CUSTOMERS);
  private static final Duration FAST_FOR = Duration.ofMinutes(2);
  private static final Pattern SHORT_DURATION = Pattern.compile("([0-9]{1,9})(ms|s|m|h)");

  private Demo() {}

  /** Runs the service; see the class. */
  public static void main(String[] arguments) throws Exception {
    Options options;
    try {
      options = Options.parse(arguments);
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage() + "; " + USAGE);
      System.exit(2);
      return;
    }
    try {
      run(options);
    } catch (OrderFailedException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  private static void run(Options options) throws Exception {
    List<Step> steps =
        Arrays.stream(Scenario.values())
            .map(options.fixed() ? Scenario::fixed : (Function<Scenario, Step>) Scenario::leaky)
            .toList();
    try (var service = OrderService.start(steps);
        var client = HttpClient.newHttpClient()) {
      System.out.println(
          "Order service at "
              + service.address()
              + ": "
              + (options.fixed() ? "fixed" : "leaky")
              + " versions, up to 40 orders a second.");
      var end = new CountDownLatch(1);
      if (options.life().isZero()) {
        Thread.ofPlatform().daemon().name("end-of-input").start(() -> awaitEndOfInput(end));
      }
      long started = System.nanoTime();
      long life = options.life().isZero() ? Long.MAX_VALUE : options.life().toNanos();
      var request = HttpRequest.newBuilder(service.address()).build();
      for (long age; (age = System.nanoTime() - started) < life; ) {
        var orders =
            IntStream.range(0, CUSTOMERS)
                .mapToObj(_ -> client.sendAsync(request, BodyHandlers.ofString()))
                .toList();
        for (var order : orders) {
          var response = order.get();
          if (response.statusCode() != 200) {
            throw new OrderFailedException(response.body().strip());
          }
        }
        Duration pause = age < FAST_FOR.toNanos() ? BETWEEN_ORDERS : BETWEEN_LATER_ORDERS;
        if (end.await(Math.min(pause.toNanos(), life - age), TimeUnit.NANOSECONDS)) {
          break;
        }
      }
    }
  }

  private static void awaitEndOfInput(CountDownLatch end) {
    try {
      while (System.in.read() >= 0) {
        // what is typed has no meaning
      }
    } catch (IOException e) {
      // no input to wait for: the same as its end
    }
    end.countDown();
  }

  /**
   * The command line.
   *
   * @param fixed whether to run the versions that do not leak
   * @param life how long to run; zero: until standard input ends
   */
  record Options(boolean fixed, Duration life) {

    /** Throws {@link IllegalArgumentException} with a sentence for the user. */
    static Options parse(String... arguments) {
      boolean fixed = false;
      Duration life = Duration.ZERO;
      for (int i = 0; i < arguments.length; i++) {
        switch (arguments[i]) {
          case "--fixed" -> fixed = true;
          case "--for" -> {
            i++;
            if (i == arguments.length) {
              throw new IllegalArgumentException("--for needs a duration");
            }
            life = duration(arguments[i]);
          }
          default -> throw new IllegalArgumentException("unknown option " + arguments[i]);
        }
      }
      return new Options(fixed, life);
    }

    private static Duration duration(String text) {
      var parts = SHORT_DURATION.matcher(text);
      Duration duration;
      try {
        if (parts.matches()) {
          long amount = Long.parseLong(parts.group(1));
          duration =
              switch (parts.group(2)) {
                case "ms" -> Duration.ofMillis(amount);
                case "s" -> Duration.ofSeconds(amount);
                case "m" -> Duration.ofMinutes(amount);
                default -> Duration.ofHours(amount);
              };
        } else {
          duration = Duration.parse(text);
        }
        if (duration.toNanos() > 0) {
          return duration;
        }
      } catch (java.time.DateTimeException | ArithmeticException e) {
        throw new IllegalArgumentException(
            "--for " + text + " is no duration: write 500ms, 30s, 2m or 1h", e);
      }
      throw new IllegalArgumentException("--for " + text + " must be longer than nothing");
    }
  }

  /** An order was answered with something else than 200. */
  private static final class OrderFailedException extends Exception {
    private static final long serialVersionUID = 1L;

    OrderFailedException(String message) {
      super(message);
    }
  }
}
