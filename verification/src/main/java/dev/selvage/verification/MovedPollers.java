package dev.selvage.verification;

import dev.selvage.observe.Probe;
import dev.selvage.sync.WaitGroup;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Plain virtual threads wait for sockets, before and after the program's own copy of the language
 * has begun to schedule. Says how often the agent's copy has run something for that, {@code before
 * N}; then what either has once the agent's copy does nothing any more while sockets are waited
 * for, {@code after AGENTS OWN POOL}; that is where the threads that wait for sockets run now. The
 * last is whether the JDK's pool has a thread.
 */
final class MovedPollers {
  static final int EXCHANGES = 200;

  /** What is queued runs where it is, so the first time or two need not be the last. */
  private static final int TRIES = 50;

  private MovedPollers() {}

  public static void main(String[] args) throws Exception {
    Class<?> agents = agentsProbe();
    long begun = ticks(agents);
    exchange();
    Child.say("before " + (ticks(agents) - begun));
    var wg = new WaitGroup();
    wg.go(() -> {});
    wg.await();
    long theirs = -1;
    long own = 0;
    for (int i = 0; i < TRIES && theirs != 0; i++) {
      long theirsBefore = ticks(agents);
      long ownBefore = ticks(Probe.class);
      exchange();
      theirs = ticks(agents) - theirsBefore;
      own = ticks(Probe.class) - ownBefore;
    }
    boolean pool =
        Thread.getAllStackTraces().keySet().stream()
            .anyMatch(t -> t.getName().startsWith("ForkJoinPool-1-worker-"));
    Child.say("after " + theirs + " " + own + " " + pool);
    Child.serve(_ -> {});
  }

  /** What tells of the scheduler of the agent's copy, whose threads there are already. */
  private static Class<?> agentsProbe() throws ClassNotFoundException {
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().startsWith("selvage-m-")) {
        ClassLoader loader = thread.getClass().getClassLoader();
        return Class.forName(Probe.class.getName(), true, loader);
      }
    }
    throw new IllegalStateException("the agent has no scheduler");
  }

  private static long ticks(Class<?> probe) throws ReflectiveOperationException {
    Object told = Objects.requireNonNull(probe.getMethod("scheduling").invoke(null));
    long ticks = 0;
    for (Object scheduler : (List<?>) of(told, "schedulers")) {
      ticks += (Long) of(of(scheduler, "retired"), "ticks");
      for (Object processor : (List<?>) of(scheduler, "processors")) {
        ticks += (Long) of(processor, "ticks");
      }
    }
    return ticks;
  }

  private static Object of(Object map, String key) {
    return Objects.requireNonNull(((Map<?, ?>) map).get(key));
  }

  /** Hands a byte to and fro between two virtual threads, each of which waits for the other. */
  private static void exchange() throws IOException, InterruptedException {
    try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread echo =
          Thread.startVirtualThread(
              () -> {
                try (Socket socket = server.accept()) {
                  for (int b; (b = socket.getInputStream().read()) >= 0; ) {
                    socket.getOutputStream().write(b);
                  }
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      Thread asking =
          Thread.startVirtualThread(
              () -> {
                try (var socket = new Socket(server.getInetAddress(), server.getLocalPort())) {
                  for (int i = 0; i < EXCHANGES; i++) {
                    socket.getOutputStream().write(1);
                    if (socket.getInputStream().read() != 1) {
                      throw new IllegalStateException("something else came back");
                    }
                  }
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      asking.join();
      echo.join();
    }
  }
}
