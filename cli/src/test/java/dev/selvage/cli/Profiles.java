package dev.selvage.cli;

import dev.selvage.diagnostics.profile.StackProfile;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Profiles for tests, written by the writer that programs have. */
final class Profiles {
  private Profiles() {}

  /** Two values a sample: how many, and for how long. */
  static StackProfile.Builder cpu() {
    return StackProfile.named(
        "cpu",
        "shop.jar",
        new StackProfile.Value("samples", "count"),
        new StackProfile.Value("cpu", "nanoseconds"));
  }

  /** A stack, leaf first, of functions as {@code com.acme.Order.quote}. */
  static List<StackTraceElement> stack(String... functions) {
    return Arrays.stream(functions)
        .map(
            function -> {
              int dot = function.lastIndexOf('.');
              String type = function.substring(0, dot);
              String simple = type.substring(type.lastIndexOf('.') + 1);
              return new StackTraceElement(type, function.substring(dot + 1), simple + ".java", 57);
            })
        .toList();
  }

  /** Computing: quote 3 s in itself, parse 1 s, called by quote, and by itself. */
  static byte[] shop() {
    return cpu()
        .add(stack("com.acme.Order.quote", "com.acme.Shop.main"), Map.of(), 300, 3_000_000_000L)
        .add(
            stack("java.lang.Long.parse", "java.lang.Long.parse", "com.acme.Order.quote"),
            Map.of("tier", "gold"),
            100,
            1_000_000_000L)
        .build()
        .toProto();
  }

  /** Goroutines in three places. */
  static byte[] goroutines(long blocked, long leaked) {
    List<StackTraceElement> quote =
        stack("java.lang.VirtualThread.park", "dev.selvage.Channel.send", "com.acme.Order.quote");
    return StackProfile.named("goroutine", "shop.jar", new StackProfile.Value("goroutine", "count"))
        .add(quote, Map.of("state", "waiting", "wait", "chan send", "name", "a"), blocked - 1)
        .add(quote, Map.of("state", "waiting", "wait", "chan send", "name", "b"), 1)
        .add(quote, Map.of("state", "leaked", "wait", "chan send"), leaked)
        .add(stack("com.acme.Shop.spin\u001b[2J"), Map.of("state", "runnable"), 1)
        .build()
        .toProto();
  }
}
