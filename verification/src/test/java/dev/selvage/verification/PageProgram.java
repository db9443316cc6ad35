package dev.selvage.verification;

import static dev.selvage.Go.go;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.selvage.Channel;
import dev.selvage.Context;
import dev.selvage.Go;
import dev.selvage.observe.Profile;
import dev.selvage.sync.Mutex;
import dev.selvage.time.Ticker;
import dev.selvage.trace.Trace;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A service for the live page to look at: traffic, leaks of some kinds that keep coming, a map and
 * tickers that grow, a contended lock, and goroutines whose names and labels attack the page. For
 * each line that it reads it forgets a goroutine of that name, which waits for a question.
 */
final class PageProgram {
  /** What a page that takes text for markup would run. */
  static final String HOSTILE =
      "<img src=x onerror=window.hacked=1></script><script>window.hacked=2</script>\"'&\u202e";

  private static final Profile OPEN = Profile.create("com.acme.receipts");
  private static final Map<Integer, byte[]> RECEIPTS = new ConcurrentHashMap<>();
  private static final Channel<Integer> REQUESTS = Channel.unbuffered();
  private static final Channel<Integer> NOBODY_SENDS = Channel.unbuffered();
  private static final Mutex TILL = new Mutex();
  private static final List<Ticker> TICKERS = new ArrayList<>();

  private PageProgram() {}

  public static void main(String[] args) throws Exception {
    for (int i = 0; i < 4; i++) {
      go(PageProgram::serve);
    }
    Go.labelled(HOSTILE, HOSTILE, () -> go(HOSTILE, NOBODY_SENDS::receive));
    go("customers", PageProgram::customers);
    System.out.println("ready");
    var in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
    for (String line; (line = in.readLine()) != null; ) { // until the test ends
      Channel<Integer> question = Channel.unbuffered();
      go(line, question::receive);
      System.out.println("forgot " + line);
    }
  }

  private static void customers() throws InterruptedException {
    for (int i = 0; ; i++) {
      int number = i;
      REQUESTS.send(number);
      if (i % 10 == 0) {
        abandon(number);
        TICKERS.add(Ticker.every(Duration.ofSeconds(10)));
      }
      Thread.sleep(5);
    }
  }

  /** A sender that nobody receives from any more. */
  private static void abandon(int number) {
    Channel<Integer> answer = Channel.unbuffered();
    go(() -> answer.send(number));
  }

  private static void serve() throws InterruptedException {
    while (true) {
      int number = REQUESTS.receive();
      Trace.withRegion(Context.background(), "serve", () -> work(number));
    }
  }

  private static void work(int number) throws InterruptedException {
    TILL.withLock(
        () -> {
          long end = System.nanoTime() + 200_000;
          long sum = 0;
          while (System.nanoTime() < end) {
            sum += new byte[256].length;
          }
          byte[] receipt = new byte[(int) (sum % 7) + 64];
          RECEIPTS.put(number, receipt);
          if (number == 0) {
            OPEN.add(receipt, 0);
          }
        });
    Trace.log(Context.background(), "receipt", HOSTILE);
  }
}
