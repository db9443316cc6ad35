package acme;

import static dev.selvage.Go.go;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.selvage.AfterFunc;
import dev.selvage.Channel;
import dev.selvage.Context;
import dev.selvage.Inheritance;
import dev.selvage.Scope;
import dev.selvage.sync.ErrorGroup;
import dev.selvage.sync.SingleFlight;
import dev.selvage.sync.WaitGroup;
import dev.selvage.time.Timer;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** A real MDC, that of logback, and scoped values, in goroutines however they are started. */
@Timeout(20)
final class MdcTests {
  private static final ScopedValue<String> USER = ScopedValue.newInstance();

  private final Channel<Map<String, String>> logged = Channel.buffered(10);
  private final Logger logger =
      assertInstanceOf(Logger.class, LoggerFactory.getLogger(MdcTests.class));
  private final AppenderBase<ILoggingEvent> appender =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          logged.trySend(Map.copyOf(event.getMDCPropertyMap()));
        }
      };

  /** As the documentation of Inheritance shows it. */
  private static final class Fields implements Inheritance<Map<String, String>> {
    @Override
    public @Nullable Map<String, String> capture() {
      return MDC.getCopyOfContextMap();
    }

    @Override
    public void install(Map<String, String> fields) {
      MDC.setContextMap(fields);
    }

    @Override
    public void remove(Map<String, String> fields) {
      MDC.clear();
    }
  }

  @BeforeEach
  void listen() {
    logger.setLevel(Level.INFO);
    logger.setAdditive(false);
    appender.start();
    logger.addAppender(appender);
    MDC.clear();
  }

  @AfterEach
  void stopListening() {
    logger.detachAppender(appender);
    MDC.clear();
  }

  private void assertLogged(String request) throws InterruptedException {
    assertEquals(Map.of("request", request), logged.receive());
  }

  @Test
  void withoutInheritanceNothingIsHandedOn() throws Exception {
    MDC.put("request", "1");
    go(() -> logger.info("hello"));
    assertEquals(Map.of(), logged.receive());
  }

  @Test
  void everyGoroutineLogsWithTheFieldsOfItsStarter() throws Exception {
    try (Inheritance.Registration r = Inheritance.register(new Fields())) {
      assertFalse(r == null);
      MDC.put("request", "go");
      go(() -> logger.info("hello"));
      assertLogged("go");
      MDC.put("request", "group");
      WaitGroup wg = new WaitGroup();
      wg.go(() -> logger.info("hello"));
      wg.await();
      assertLogged("group");
      MDC.put("request", "errors");
      ErrorGroup group = ErrorGroup.withContext(Context.background());
      group.go(() -> logger.info("hello"));
      group.await();
      assertLogged("errors");
      MDC.put("request", "scope");
      try (Scope scope = Scope.open(Context.background())) {
        scope.go(() -> scope.go(() -> logger.info("hello from a child of a child")));
        scope.join();
      }
      assertLogged("scope");
      MDC.put("request", "flight");
      SingleFlight<String, Integer> flight = new SingleFlight<>();
      assertEquals(
          1,
          flight
              .runChan(
                  "key",
                  () -> {
                    logger.info("hello");
                    return 1;
                  })
              .receive()
              .value());
      assertLogged("flight");
    }
  }

  @Test
  void whatEitherChangesAfterwardsIsItsOwn() throws Exception {
    Channel<Integer> changed = Channel.unbuffered();
    try (Inheritance.Registration r = Inheritance.register(new Fields())) {
      assertFalse(r == null);
      MDC.put("request", "1");
      go(
          () -> {
            changed.receive();
            logger.info("hello");
            MDC.put("request", "3");
            changed.send(1);
          });
      MDC.put("request", "2");
      changed.send(1);
      assertLogged("1");
      changed.receive();
      assertEquals("2", MDC.get("request"));
    }
    go(() -> logger.info("after the end of the registration"));
    assertEquals(Map.of(), logged.receive());
  }

  @Test
  void whoHasNoFieldsSeesNoneOfOthers() throws Exception {
    try (Inheritance.Registration r = Inheritance.register(new Fields())) {
      assertFalse(r == null);
      MDC.put("request", "1");
      go(() -> logger.info("hello"));
      assertLogged("1");
      MDC.clear();
      WaitGroup wg = new WaitGroup();
      for (int i = 0; i < 10; i++) {
        wg.go(() -> logger.info("hello"));
      }
      wg.await();
      for (int i = 0; i < 10; i++) {
        assertEquals(Map.of(), logged.receive());
      }
    }
  }

  // --------------- Scoped values ---------------

  @Test
  void aScopedValueIsBoundAnewInAGoroutine() throws Exception {
    Channel<String> seen = Channel.buffered(2);
    ScopedValue.where(USER, "ann")
        .run(
            () -> {
              go(() -> seen.send(USER.orElse("nobody")));
              String user = USER.get();
              go(() -> ScopedValue.where(USER, user).run(() -> seen.trySend(USER.get())));
            });
    assertEquals(
        "annnobody",
        Stream.of(seen.receive(), seen.receive()).sorted().collect(Collectors.joining()));
  }

  @Test
  void aScopedValueBoundAroundAWaitIsThereAfterIt() throws Exception {
    Channel<Integer> go = Channel.unbuffered();
    Channel<String> seen = Channel.buffered(1);
    go(
        () ->
            ScopedValue.where(USER, "bob")
                .call(
                    () -> {
                      go.receive();
                      seen.send(USER.get());
                      return 0;
                    }));
    go.send(1);
    assertEquals("bob", seen.receive());
  }

  @Test
  void aScopeHandsOnTheContextButNoScopedValue() throws Exception {
    Context.Key<String> key = Context.Key.of("user");
    try (Scope scope =
        ScopedValue.where(USER, "ann")
            .call(() -> Scope.open(Context.background().withValue(key, USER.get())))) {
      var user = scope.fork(() -> Context.current().value(key) + " " + USER.isBound());
      scope.join();
      assertEquals("ann false", user.get());
    }
  }

  @Test
  void functionsOfTimersAndContextsHaveNone() throws Exception {
    Channel<Boolean> bound = Channel.buffered(2);
    ScopedValue.where(USER, "ann")
        .call(
            () -> {
              Timer timer = Timer.afterFunc(Duration.ZERO, () -> bound.send(USER.isBound()));
              assertFalse(bound.receive());
              assertFalse(timer.stop());
              try (var ctx = Context.background().withCancel()) {
                AfterFunc after = ctx.afterFunc(() -> bound.send(USER.isBound()));
                ctx.cancel();
                assertFalse(bound.receive());
                assertFalse(after.stop());
              }
              return 0;
            });
    assertNull(MDC.get("request"));
  }
}
