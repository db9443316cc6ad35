package dev.selvage.verification.library;

import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * Starts every case in this JVM, as often as the first argument says, then says {@code ready};
 * answers {@code alive} with how many threads of each case have not ended, {@code gauges} with what
 * Micrometer counts, and {@code deadlocked} with what the JVM's own detector finds. Ends with its
 * standard input.
 */
public final class LibraryProgram {
  /** The suites. */
  private static final List<Class<?>> SUITES =
      List.of(
          PlainJdk.class,
          Futures.class,
          Pools.class,
          Reactive.class,
          Jdbc.class,
          Http.class,
          GuavaCases.class,
          CaffeineCases.class,
          Spring.class,
          Kafka.class,
          JoxCases.class);

  private static final Map<String, AtomicInteger> ALIVE = new TreeMap<>();

  private LibraryProgram() {}

  /** All cases: the methods of the suites that are given {@link Threads}. */
  static List<Method> cases() {
    return SUITES.stream()
        .flatMap(
            suite ->
                Stream.of(suite.getDeclaredMethods())
                    .filter(m -> !Modifier.isPrivate(m.getModifiers()))
                    .filter(
                        m -> Arrays.equals(m.getParameterTypes(), new Class<?>[] {Threads.class}))
                    .sorted(Comparator.comparing(Method::getName)))
        .toList();
  }

  /** The name that {@code corpus.tsv} has for a case. */
  public static String name(Method method) {
    return method.getDeclaringClass().getSimpleName() + "." + method.getName();
  }

  /** The suite of each case, by its name. */
  public static Map<String, Class<?>> suites() {
    var suites = new TreeMap<String, Class<?>>();
    cases().forEach(method -> suites.put(name(method), method.getDeclaringClass()));
    return suites;
  }

  public static void main(String[] args) throws Exception {
    var registry = new SimpleMeterRegistry();
    new JvmThreadMetrics().bindTo(registry);
    double before = liveThreads(registry);
    int copies = args.length == 0 ? 1 : Integer.parseInt(args[0]);
    // A thread that has ended when all are started holds nothing of what they made.
    var starting =
        new FutureTask<>(
            () -> {
              for (Method method : cases()) {
                for (int i = 0; i < copies; i++) {
                  start(method);
                }
              }
              return true;
            });
    Thread starter = Thread.ofPlatform().name("starter").start(starting);
    starting.get();
    starter.join();
    Thread.sleep(1000);
    say("ready");
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = in.readLine()) != null; ) {
      switch (line) {
        case "alive" -> {
          var alive = new TreeMap<String, Integer>();
          ALIVE.forEach((name, count) -> alive.put(name, count.get()));
          say("alive " + alive);
        }
        case "gauges" ->
            say(
                "gauges: jvm.threads.live from %.0f to %.0f"
                    .formatted(before, liveThreads(registry)));
        case "deadlocked" -> {
          long[] ids = ManagementFactory.getThreadMXBean().findDeadlockedThreads();
          say("deadlocked " + (ids == null ? 0 : ids.length));
        }
        default -> throw new IllegalArgumentException(line);
      }
    }
    System.exit(0); // libraries leave threads of their own
  }

  private static double liveThreads(SimpleMeterRegistry registry) {
    return registry.get("jvm.threads.live").gauge().value();
  }

  private static void start(Method method) throws Exception {
    String name = name(method);
    AtomicInteger alive = ALIVE.computeIfAbsent(name, _ -> new AtomicInteger());
    try {
      method.invoke(null, new Threads(name, alive));
    } catch (InvocationTargetException e) {
      throw new IllegalStateException(name, e.getCause());
    }
  }

  private static void say(String line) {
    System.out.println(line);
    System.out.flush();
  }
}
