package dev.selvage.examples.language;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.AfterFunc;
import dev.selvage.CancellableContext;
import dev.selvage.Channel;
import dev.selvage.Context;
import dev.selvage.ContextCanceledException;
import dev.selvage.DeadlineExceededException;
import dev.selvage.Go;
import dev.selvage.Goroutine;
import dev.selvage.ReceiveChannel;
import dev.selvage.Scope;
import dev.selvage.Select;
import dev.selvage.SendChannel;
import dev.selvage.diagnostics.Leaks;
import dev.selvage.diagnostics.profile.GoroutineProfile;
import dev.selvage.diagnostics.profile.Profiler;
import dev.selvage.diagnostics.profile.StackDump;
import dev.selvage.diagnostics.profile.StackProfile;
import dev.selvage.diagnostics.trace.ExecutionTrace;
import dev.selvage.diagnostics.trace.FlightRecorder;
import dev.selvage.observe.Contention;
import dev.selvage.observe.Profile;
import dev.selvage.scheduler.Scheduler;
import dev.selvage.sync.Cond;
import dev.selvage.sync.ErrorGroup;
import dev.selvage.sync.Locker;
import dev.selvage.sync.Mutex;
import dev.selvage.sync.Once;
import dev.selvage.sync.RWMutex;
import dev.selvage.sync.Semaphore;
import dev.selvage.sync.SingleFlight;
import dev.selvage.sync.WaitGroup;
import dev.selvage.time.Clock;
import dev.selvage.time.ManualClock;
import dev.selvage.time.Ticker;
import dev.selvage.time.Timer;
import dev.selvage.trace.Trace;
import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The guides show code that is compiled and run, and what really comes of it. With {@code
 * -Dselvage.guides=apply} their blocks are rewritten instead.
 */
class GuideTest {
  private static final String PITFALLS = "docs/guide/pitfalls.md";
  private static final String GO_TO_SELVAGE = "docs/guide/go-to-selvage.md";
  private static final String README = "README.md";

  private static final String COMMAND =
      "mvn -pl examples/language -am verify -Dtest=GuideTest"
          + " -Dsurefire.failIfNoSpecifiedTests=false -Dselvage.guides=apply";

  /** Whose names the tables of the guide may name. */
  private static final List<Class<?>> TYPES =
      List.of(
          Go.class,
          Goroutine.class,
          Channel.class,
          SendChannel.class,
          ReceiveChannel.class,
          Select.class,
          Select.Arm.class,
          Select.ReceiveCase.class,
          Context.class,
          CancellableContext.class,
          ContextCanceledException.class,
          DeadlineExceededException.class,
          AfterFunc.class,
          Scope.class,
          Locker.class,
          Mutex.class,
          RWMutex.class,
          Cond.class,
          WaitGroup.class,
          Once.class,
          ErrorGroup.class,
          Semaphore.class,
          SingleFlight.class,
          SingleFlight.Result.class,
          Clock.class,
          Timer.class,
          Ticker.class,
          ManualClock.class,
          Scheduler.class,
          Leaks.class,
          Contention.class,
          Profile.class,
          Profiler.class,
          StackProfile.class,
          StackDump.class,
          GoroutineProfile.class,
          Trace.class,
          Trace.Task.class,
          ExecutionTrace.class,
          FlightRecorder.class,
          AtomicBoolean.class,
          AtomicInteger.class,
          AtomicLong.class,
          AtomicReference.class,
          Cleaner.class,
          Cleaner.Cleanable.class,
          ConcurrentHashMap.class,
          Iterable.class,
          Iterator.class,
          Reference.class,
          Runtime.class,
          StackWalker.class,
          Stream.class,
          System.class,
          Thread.class,
          VarHandle.class);

  private static final Map<String, Ran> RAN = new HashMap<>();

  @ParameterizedTest
  @ValueSource(strings = {PITFALLS, GO_TO_SELVAGE, README})
  void everyBlockIsWhatItsOriginSays(String page) throws Exception {
    Guide guide = Guide.of(page);
    var codes = new ArrayList<String>();
    var checks = new ArrayList<Executable>();
    for (Guide.Block block : guide.blocks()) {
      String code = codeOf(block);
      codes.add(block.kind().equals("code") ? block.code() : code);
      checks.add(
          () ->
              assertEquals(
                  comparable(block.kind(), code),
                  comparable(block.kind(), block.code()),
                  () -> block.origin() + " in " + page + "; this rewrites it:\n  " + COMMAND));
    }
    if (System.getProperty("selvage.guides", "").equals("apply")) {
      guide.rewrite(codes);
    } else {
      assertAll(checks);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {PITFALLS, GO_TO_SELVAGE, README})
  void everyBlockOfJavaAndGoHasAnOrigin(String page) throws IOException {
    assertEquals(
        List.of(),
        Guide.of(page).blocks().stream()
            .filter(block -> Set.of("java", "go").contains(block.language()))
            .filter(block -> block.kind().isEmpty())
            .map(Guide.Block::code)
            .toList());
  }

  @Test
  void everyMarkedSnippetIsShownSomewhere() throws IOException {
    var missing = new TreeSet<>(Guide.marked());
    for (String page : List.of(PITFALLS, GO_TO_SELVAGE, README)) {
      Guide.of(page).blocks().forEach(block -> missing.remove(block.origin()));
    }
    assertEquals(Set.of(), missing);
  }

  @Test
  void everyExampleThatRunsIsWalkedThrough() throws IOException {
    Set<String> shown = new HashSet<>();
    Guide.of(PITFALLS).blocks().stream()
        .filter(block -> block.kind().equals("output"))
        .forEach(block -> shown.add(block.origin()));
    try (Stream<Path> files = Files.list(Path.of("src/main/java/dev/selvage/examples/language"))) {
      for (Path file : files.toList()) {
        if (Files.readString(file).contains("public static void main(")) {
          String name = file.getFileName().toString().replace(".java", "");
          assertTrue(
              shown.contains(name), () -> PITFALLS + " does not show what " + name + " prints");
        }
      }
    }
  }

  /** The table has no code that could be compiled, so its names are looked up. */
  @Test
  void everyNameAtAGlanceExists() throws IOException {
    String page = Files.readString(Path.of("../..").resolve(GO_TO_SELVAGE));
    String table =
        page.substring(page.indexOf("\n## At a glance"), page.indexOf("\n## Goroutines"));
    List<String> ours =
        table
            .lines()
            .filter(row -> row.startsWith("| `"))
            .map(row -> row.split("\\|", -1)[2])
            .toList();
    assertTrue(ours.size() > 20, table);
    assertEquals(Set.of(), unknown(ours));
  }

  @Test
  void everyNameOfOursBesideOneOfGosExists() throws IOException {
    List<String> ours =
        Guide.of(GO_TO_SELVAGE).nameByName().stream().flatMap(row -> row.ours().stream()).toList();
    assertTrue(ours.size() > 100, ours::toString);
    assertEquals(Set.of(), unknown(ours));
  }

  /** What looks like the name of a type or a method in these texts, and is none. */
  private static Set<String> unknown(List<String> texts) {
    Set<String> types = new TreeSet<>(Set.of("T")); // stands for any
    Set<String> methods = new TreeSet<>();
    for (Class<?> type : TYPES) {
      types.add(type.getSimpleName());
      Stream.of(type.getMethods()).map(Method::getName).forEach(methods::add);
    }
    var unknown = new TreeSet<String>();
    for (String text : texts) {
      Pattern.compile("\\w+(?=\\()")
          .matcher(text)
          .results()
          .map(MatchResult::group)
          .filter(name -> !methods.contains(name))
          .forEach(unknown::add);
      Pattern.compile("(?<![.\\w])[A-Z]\\w*")
          .matcher(text)
          .results()
          .map(MatchResult::group)
          .filter(name -> !types.contains(name))
          .forEach(unknown::add);
    }
    return unknown;
  }

  @Test
  void aSnippetThatDoesNotExistIsNoticed() {
    assertThrows(IllegalArgumentException.class, () -> Guide.snippet("Worker.java#nothing"));
    assertThrows(IllegalArgumentException.class, () -> Guide.snippet("Nobody.java#right"));
  }

  private static String codeOf(Guide.Block block) throws Exception {
    return switch (block.kind()) {
      case "snippet", "code" -> Guide.snippet(block.origin());
      case "output" -> ran(block.origin()).output();
      case "report" -> ran(block.origin()).report();
      case "", "file" -> block.code();
      default -> throw new IllegalArgumentException("unknown kind of block: " + block);
    };
  }

  private static String comparable(String kind, String code) {
    return switch (kind) {
      case "report" -> code.replaceAll(" +oldest \\d+\\w+", ""); // differs from run to run
      case "code" -> code.replaceAll("\\s+", ""); // may be laid out for the page
      default -> code;
    };
  }

  private static Ran ran(String example) throws Exception {
    Ran ran = RAN.get(example);
    if (ran == null) {
      ran = Ran.example(example);
      RAN.put(example, ran);
    }
    return ran;
  }
}
