package acme;

import static dev.selvage.Go.go;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.selvage.Channel;
import dev.selvage.Go;
import dev.selvage.observe.Probe;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A goroutine says that it is parked for ever on purpose; tools are told why. */
@Timeout(20)
final class ParkedForeverTests {
  private static final String NOTHING = "nothing";

  private static String said() {
    String why = Probe.parkedForever(Thread.currentThread());
    return why == null ? NOTHING : why;
  }

  @Test
  void itIsSaidInTheBodyAndNestsAndEnds() throws Exception {
    BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    go(
        () -> {
          seen.add(said());
          Go.parkedForever(
              "outer",
              () -> {
                seen.add(said());
                String result = Go.parkedForever("inner", () -> said());
                seen.add(result);
                seen.add(said());
              });
          assertThrows(
              IllegalStateException.class,
              () ->
                  Go.parkedForever(
                      "fails",
                      () -> {
                        throw new IllegalStateException("on purpose");
                      }));
          seen.add(said());
        });
    for (String expected : new String[] {NOTHING, "outer", "inner", "outer", NOTHING}) {
      assertEquals(expected, seen.take());
    }
  }

  @Test
  void othersSeeItWhileItWaitsAndChildrenDoNotHaveIt() throws Exception {
    Channel<String> child = Channel.unbuffered();
    Channel<Thread> who = Channel.unbuffered();
    Channel<Integer> end = Channel.unbuffered();
    go(
        () ->
            Go.parkedForever(
                "keeps the program running",
                () -> {
                  go(() -> child.send(said()));
                  who.send(Thread.currentThread());
                  end.receive();
                }));
    Thread keeper = who.receive();
    assertEquals("keeps the program running", Probe.parkedForever(keeper));
    assertEquals(NOTHING, child.receive());
    end.send(1);
    keeper.join();
    assertNull(Probe.parkedForever(keeper));
  }

  @Test
  void whereThereIsNoGoroutineTheBodyIsDoneAllTheSame() {
    assertEquals(NOTHING, Go.<String, RuntimeException>parkedForever("why", () -> said()));
  }

  @Test
  void itNeedsAReason() {
    assertThrows(
        IllegalArgumentException.class,
        () -> Go.<String, RuntimeException>parkedForever(" ", () -> "not done"));
  }
}
