package dev.selvage.verification.stress;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.Channel;
import dev.selvage.Go;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Rounds with ever other seeds, until the time is over. {@code -Dselvage.seed=N} repeats what a
 * failure names; the threads still run as they please, so the failure may take some rounds more.
 * {@code -Dselvage.seconds=N} is how long each capacity is stressed, and {@code
 * -Dselvage.operations=N} with how many operations at least; {@code -Plong} does so for two
 * minutes, with ten millions.
 */
@Timeout(600)
@ExtendWith(NobodyLeft.class)
final class StressTests {
  private static final long SECONDS = Long.getLong("selvage.seconds", 3);

  /** So many at least, however slow the machine is: the time limit of a test is the only other. */
  private static final long OPERATIONS = Long.getLong("selvage.operations", 200_000);

  /**
   * Of a round's values so many are sent at least, over many rounds: else most operations are given
   * up, refused or closed, and nobody is ever handed a value.
   */
  private static final int SENT_EACH_ROUND = Round.VALUES / 4;

  private static long firstSeed() {
    String given = System.getProperty("selvage.seed", "");
    return given.isEmpty() ? new Random().nextLong() : Long.parseLong(given);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 16})
  void everyValueSentIsReceivedOnce(int capacity) throws Exception {
    long end = System.nanoTime() + SECONDS * 1_000_000_000;
    long first = firstSeed();
    long operations = 0;
    long sent = 0;
    int rounds = 0;
    for (; operations < OPERATIONS || System.nanoTime() < end; rounds++) {
      long seed = first + rounds;
      try {
        Round.Done done = new Round(capacity, seed).run();
        operations += done.operations();
        sent += done.sent();
      } catch (Throwable e) {
        throw new AssertionError(
            "capacity " + capacity + ": repeat with -Dselvage.seed=" + seed, e);
      }
    }
    System.out.printf(
        "capacity %d: seed %d, %d rounds, %d operations, %d values%n",
        capacity, first, rounds, operations, sent);
    assertTrue(sent >= (long) rounds * SENT_EACH_ROUND, sent + " values in " + rounds + " rounds");
  }

  @Test
  void theLedgerSeesWhatIsLostAndWhatIsDoubled() {
    Ledger right = new Ledger(2);
    right.sent(1);
    right.received(1);
    right.checkConserved();
    Ledger lost = new Ledger(2);
    lost.sent(1);
    assertThrows(AssertionError.class, lost::checkConserved);
    Ledger doubled = new Ledger(2);
    doubled.sent(1);
    doubled.received(1);
    doubled.received(1);
    assertThrows(AssertionError.class, doubled::checkConserved);
    Ledger invented = new Ledger(2);
    invented.received(0);
    assertThrows(AssertionError.class, invented::checkConserved);
  }

  @Test
  void aGoroutineThatIsLeftIsSeen() throws Exception {
    Channel<Integer> ch = Channel.unbuffered();
    Go.go(() -> ch.receiveOrNull());
    assertThrows(AssertionError.class, () -> NobodyLeft.check(100));
    ch.close();
  }
}
