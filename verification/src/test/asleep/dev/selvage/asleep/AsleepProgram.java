package dev.selvage.asleep;

import com.sun.net.httpserver.HttpServer;
import dev.selvage.Channel;
import dev.selvage.Go;
import dev.selvage.diagnostics.GoroutineInfo;
import dev.selvage.diagnostics.Leaks;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.prover.Prover;
import dev.selvage.http.DebugServer;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.FileHandler;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/**
 * A program whose goroutines are all asleep, and that has something beside them that can wake one,
 * or cannot: the arguments say what. Who is woken after all says so.
 */
public final class AsleepProgram {
  private static final Channel<String> CH = Channel.unbuffered();

  /** What the collector must not take. */
  private static final List<Object> KEPT = new ArrayList<>();

  private AsleepProgram() {}

  public static void main(String[] args) throws Exception {
    for (String what : args) {
      have(what);
    }
    System.out.println("asleep");
    for (String value; (value = CH.receiveOrNull()) != null; ) {
      System.out.println("woken by " + value);
    }
    System.out.println("woken at the end");
  }

  private static void have(String what) throws Exception {
    switch (what) {
      // --------------- Cannot wake ---------------
      case "a log" -> Logger.getLogger("acme").info("a line in the log");
      case "a log file" -> {
        var file = new FileHandler("acme.log");
        Logger.getLogger("acme").addHandler(file);
        Logger.getLogger("acme").info("a line in the log");
        KEPT.add(Logger.getLogger("acme"));
      }
      case "a hook that was taken back" -> {
        Thread hook = new Thread(() -> CH.close());
        Runtime.getRuntime().addShutdownHook(hook);
        Runtime.getRuntime().removeShutdownHook(hook);
      }
      case "a debug server" -> System.out.println("port " + DebugServer.start(0).port());
      case "a prover" -> Prover.ofThisJvm();
      case "many goroutines" -> {
        for (int i = 0; i < 10_000; i++) {
          Go.go(() -> CH.receive());
        }
      }
      case "a handler that wakes" -> {
        AtomicInteger told = new AtomicInteger();
        Go.onDeadlock(
            _ -> Thread.ofVirtual().start(() -> send("handler " + told.incrementAndGet())));
      }

      // --------------- Can wake ---------------
      case "a hook" ->
          Runtime.getRuntime()
              .addShutdownHook(
                  new Thread(
                      () -> {
                        sendAtTheEnd("hook");
                        CH.close();
                      }));
      case "a signal" -> handleSignal();
      case "a web server" -> System.out.println("port " + webServer());
      case "a debug server of its own" ->
          KEPT.add(
              DebugServer.start(
                  0,
                  new Leaks() {
                    @Override
                    public Report find(Mode mode) {
                      send("look");
                      return Prover.ofThisJvm().find(mode);
                    }

                    @Override
                    public List<GoroutineInfo> goroutines() {
                      return Prover.ofThisJvm().goroutines();
                    }

                    @Override
                    public List<GoroutineInfo> leaked() {
                      return Prover.ofThisJvm().leaked();
                    }
                  }));
      case "a thread called selvage" ->
          Thread.ofPlatform()
              .daemon()
              .name("selvage-agent")
              .start(
                  () -> {
                    try {
                      Thread.sleep(4_000);
                    } catch (InterruptedException e) {
                      throw new AssertionError(e);
                    }
                    send("thread");
                  });
      case "a log handler" -> {
        Logger logger = Logger.getLogger("acme");
        logger.addHandler(new Closes());
        KEPT.add(logger);
      }
      case "a log formatter" -> {
        Logger logger = Logger.getLogger("acme");
        Handler file = new FileHandler("acme.log");
        file.setFormatter(
            new SimpleFormatter() {
              @Override
              public String getTail(Handler h) {
                sendAtTheEnd("formatter");
                return "";
              }
            });
        logger.addHandler(file);
        KEPT.add(logger);
      }
      case "a log handler of a logger of the JDK" -> {
        System.getLogger("java.lang.Runtime").isLoggable(System.Logger.Level.INFO);
        Logger.getLogger("java.lang.Runtime").addHandler(new Closes());
      }
      case "an error stream" -> {
        System.setErr(
            new PrintStream(new ByteArrayOutputStream(), true) {
              @Override
              public void flush() {
                CH.close();
              }
            });
        Logger.getLogger("acme").setLevel(Level.OFF);
      }
      default -> throw new IllegalArgumentException(what);
    }
  }

  /** Whose closing, at the end of the JVM, wakes. */
  private static final class Closes extends Handler {
    @Override
    public void publish(LogRecord logRecord) {}

    @Override
    public void flush() {}

    @Override
    public void close() {
      sendAtTheEnd("log handler");
    }
  }

  /** The log manager of a program that wakes when it is reset. */
  public static final class Manager extends LogManager {
    @Override
    public void reset() {
      super.reset();
      if (Thread.currentThread().getName().equals("Logging-Cleaner")) {
        sendAtTheEnd("log manager");
      }
    }
  }

  /** By reflection, as the compiler warns of the class, and cannot be told not to. */
  private static void handleSignal() throws ReflectiveOperationException {
    Class<?> type = Class.forName("sun.misc.Signal");
    Class<?> handler = Class.forName("sun.misc.SignalHandler");
    Object sends =
        Proxy.newProxyInstance(
            AsleepProgram.class.getClassLoader(),
            new Class<?>[] {handler},
            (_, _, _) -> {
              send("signal");
              return null;
            });
    type.getMethod("handle", type, handler)
        .invoke(null, type.getConstructor(String.class).newInstance("USR2"), sends);
  }

  private static int webServer() throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 16);
    server.createContext(
        "/",
        exchange -> {
          send("request");
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    Thread starter = new Thread(server::start);
    starter.setDaemon(true);
    starter.start();
    starter.join();
    return server.getAddress().getPort();
  }

  /** Twice: when the second is taken the first has been said, and the JVM may halt. */
  private static void sendAtTheEnd(String value) {
    send(value);
    send(value);
  }

  private static void send(String value) {
    try {
      CH.send(value);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
