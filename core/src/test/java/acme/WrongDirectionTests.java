package acme;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What must not compile: using a channel in the wrong direction, most of all. Each snippet stands
 * beside one that differs in nothing but the types of its parameters, and compiles.
 */
final class WrongDirectionTests {
  private static final JavaCompiler COMPILER =
      Objects.requireNonNull(ToolProvider.getSystemJavaCompiler(), "these tests need a JDK");

  private static final String UNKNOWN = "compiler.err.cant.resolve.location.args";
  private static final String INCOMPATIBLE = "compiler.err.prob.found.req";
  private static final String NOT_ITERABLE = "compiler.err.foreach.not.applicable.to.type";
  private static final String UNREPORTED =
      "compiler.err.unreported.exception.need.to.catch.or.throw";
  private static final String NOT_APPLICABLE = "compiler.err.cant.apply.symbol";

  /**
   * A statement.
   *
   * @param wrong parameters with which it must not compile
   * @param right parameters with which it must
   * @param error what the compiler says of it
   */
  private record Snippet(String statement, String wrong, String right, String error) {}

  private static Snippet snippet(String statement, String wrong, String right, String error) {
    return new Snippet(statement, wrong, right, error);
  }

  static Stream<Snippet> snippets() {
    String send = "SendChannel<Integer> c";
    String receive = "ReceiveChannel<Integer> c";
    return Stream.of(
        // Sending where one may only receive.
        snippet("c.send(1);", receive, send, UNKNOWN),
        snippet("c.send(1, Duration.ofSeconds(1));", receive, send, UNKNOWN),
        snippet("boolean sent = c.trySend(1);", receive, send, UNKNOWN),
        snippet("c.sendAll(List.of(1));", receive, send, UNKNOWN),
        snippet("c.close();", receive, send, UNKNOWN),
        snippet("int n = select(send(c, 1, () -> 1));", receive, send, NOT_APPLICABLE),
        // Receiving where one may only send.
        snippet("int v = c.receive();", send, receive, UNKNOWN),
        snippet("Integer v = c.receiveOrNull();", send, receive, UNKNOWN),
        snippet("var v = c.receive(Duration.ofSeconds(1));", send, receive, UNKNOWN),
        snippet("var v = c.tryReceive();", send, receive, UNKNOWN),
        snippet("for (int v : c) {}", send, receive, NOT_ITERABLE),
        snippet("var s = c.stream();", send, receive, UNKNOWN),
        snippet("int n = select(receive(c, v -> v));", send, receive, NOT_APPLICABLE),
        // Turning one direction into the other, or into both.
        snippet("SendChannel<Integer> d = c;", receive, "Channel<Integer> c", INCOMPATIBLE),
        snippet("ReceiveChannel<Integer> d = c;", send, "Channel<Integer> c", INCOMPATIBLE),
        snippet("Channel<Integer> d = c;", send, "Channel<Integer> c", INCOMPATIBLE),
        snippet("Channel<Integer> d = c;", receive, "Channel<Integer> c", INCOMPATIBLE),
        snippet(
            "((Channel<Integer>) x).close();", "Timer x", "SendChannel<Integer> x", INCOMPATIBLE),
        // The other type of value.
        snippet("c.send(1);", "SendChannel<String> c", send, INCOMPATIBLE),
        snippet("String v = c.receive();", receive, "ReceiveChannel<String> c", INCOMPATIBLE),
        // What belongs to a context, a timer or a ticker is for receiving only.
        snippet("x.done().close();", "Context x", "Closing x", UNKNOWN),
        snippet("x.channel().close();", "Ticker x", "Closing x", UNKNOWN),
        snippet("x.channel().close();", "Timer x", "Closing x", UNKNOWN),
        // Who is handed a context cannot cancel it.
        snippet("x.cancel();", "Context x", "CancellableContext x", UNKNOWN),
        snippet("x.view().cancel();", "CancellableContext x", "Closing x", UNKNOWN));
  }

  @ParameterizedTest
  @MethodSource("snippets")
  void compilesOnlyInTheRightDirection(Snippet snippet) {
    assertEquals(List.of(), errors(snippet.statement(), snippet.right(), "throws Exception"));
    assertEquals(
        List.of(snippet.error() + " at " + snippet.statement()),
        errors(snippet.statement(), snippet.wrong(), "throws Exception"));
  }

  static Stream<String> blocking() {
    return Stream.of(
        "c.send(1);",
        "int v = c.receive();",
        "c.sendAll(List.of(1));",
        "int n = select(receive(c, v -> v));",
        "new Mutex().lock();",
        "new WaitGroup().await();",
        "new Once().run(() -> {});",
        "new ErrorGroup().await();",
        "Go.sleep(Duration.ZERO);",
        "Go.yield();");
  }

  /** An interrupt cannot be forgotten. */
  @ParameterizedTest
  @MethodSource("blocking")
  void whatBlocksMustBeReadyForAnInterrupt(String statement) {
    String parameter = "Channel<Integer> c";
    assertEquals(List.of(), errors(statement, parameter, "throws InterruptedException"));
    assertEquals(List.of(UNREPORTED + " at " + statement), errors(statement, parameter, ""));
  }

  static Stream<String> passing() {
    return Stream.of(
        "int n = select(receive(c, v -> parse(v)));",
        "new Mutex().withLock(() -> parse(1));",
        "new Once().run(() -> parse(1));",
        "int n = Once.value(() -> parse(1)).get();",
        "Go.uninterruptibly(() -> parse(1));");
  }

  /** A checked exception passes through, and is not lost on the way. */
  @ParameterizedTest
  @MethodSource("passing")
  void whatALambdaThrowsIsDeclared(String statement) {
    String parameter = "Channel<Integer> c";
    assertEquals(
        List.of(), errors(statement, parameter, "throws InterruptedException, IOException"));
    assertEquals(
        List.of(UNREPORTED + " at " + statement),
        errors(statement, parameter, "throws InterruptedException"));
  }

  // --------------- Compiling ---------------

  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    Source(String text) {
      super(URI.create("string:///Snippet.java"), Kind.SOURCE);
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }

  /** The code of each error, and the line where it is. */
  private static List<String> errors(String statement, String parameter, String declared) {
    String source =
        """
        import static dev.selvage.Select.*;
        import dev.selvage.*;
        import dev.selvage.sync.*;
        import dev.selvage.time.*;
        import java.io.IOException;
        import java.time.Duration;
        import java.util.List;
        class Snippet {
          interface Closing { Closing done(); Closing channel(); Closing view(); void close(); void cancel(); }
          static int parse(int v) throws IOException { return v; }
          static void snippet(%s) %s {
        %s
          }
        }
        """
            .formatted(parameter, declared, statement);
    DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
    boolean compiled =
        COMPILER
            .getTask(
                null,
                null,
                found,
                List.of(
                    "-proc:none",
                    "-implicit:none",
                    "-d",
                    "target",
                    "--should-stop=ifNoError=FLOW",
                    "-cp",
                    Path.of("target/classes").toString()),
                null,
                List.of(new Source(source)))
            .call();
    List<String> lines = source.lines().toList();
    List<String> errors =
        found.getDiagnostics().stream()
            .filter(d -> d.getKind() == Diagnostic.Kind.ERROR)
            .map(d -> d.getCode() + " at " + lines.get((int) d.getLineNumber() - 1))
            .toList();
    assertEquals(
        compiled,
        errors.isEmpty(),
        () -> found.getDiagnostics().toString().toLowerCase(Locale.ROOT));
    return errors;
  }
}
