package dev.selvage.verification;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * The clients of {@link BankProgram}, in a process of their own: {@code PORT CONNECTIONS REQUESTS
 * SECONDS}. Each connection is kept busy by a platform thread, with one request at a time; it asks
 * for the same things in the same order in each run, until it has made so many requests or, if that
 * is 0, until the time is over. Every answer is checked. Says one line with figures: {@link
 * #REPORT}. A part of the time is for warming up: its requests are checked, but not measured.
 */
final class BankLoad {
  /** What it says, to be read back by {@link Report#parse}. */
  static final String REPORT = "load ";

  /** Who has waited so long for an answer gives up, and connects anew. */
  private static final int TIMEOUT_MILLIS = 5_000;

  private static final int TEXTS = 20;

  private final int port;
  private final int number;
  private final int requests;
  private final Random random;

  // What has come of it; read when the thread has ended.
  private final long[] net = new long[Bank.ACCOUNTS];
  private long[] latencies = new long[1024];
  private int measured;

  /** Of those that were measured. */
  private int answered;

  private int done;
  private int failed;
  private int wrong;
  private int transfers;
  private int counted;

  /** Of those requests to count that failed nobody knows whether they were carried out. */
  private int uncertain;

  private BankLoad(int port, int number, int requests) {
    this.port = port;
    this.number = number;
    this.requests = requests;
    this.random = new Random(number);
  }

  /**
   * What came of a load. The figures in microseconds are of the requests that were measured, those
   * that failed among them.
   *
   * @param done requests that were answered
   * @param failed requests without an answer in time, or with an error
   * @param wrong answers that were not as they must be
   * @param transfers transfers that were answered
   * @param counted requests to count that were answered
   * @param net how the balance of each account must have changed by those transfers
   */
  record Report(
      int done,
      int failed,
      int wrong,
      int transfers,
      int counted,
      double perSecond,
      double p50,
      double p99,
      double p999,
      List<Long> net) {
    static Report parse(String line) {
      String[] parts = line.substring(REPORT.length()).split(" ", -1);
      return new Report(
          Integer.parseInt(parts[0]),
          Integer.parseInt(parts[1]),
          Integer.parseInt(parts[2]),
          Integer.parseInt(parts[3]),
          Integer.parseInt(parts[4]),
          Double.parseDouble(parts[5]),
          Double.parseDouble(parts[6]),
          Double.parseDouble(parts[7]),
          Double.parseDouble(parts[8]),
          Arrays.stream(parts[9].split(",", -1)).map(Long::valueOf).toList());
    }
  }

  public static void main(String[] args) throws InterruptedException {
    int port = Integer.parseInt(args[0]);
    int requests = Integer.parseInt(args[2]);
    long nanos = Integer.parseInt(args[3]) * 1_000_000_000L;
    var loads = new BankLoad[Integer.parseInt(args[1])];
    var threads = new Thread[loads.length];
    long begun = System.nanoTime();
    long warm = begun + (requests > 0 ? 0 : Math.min(nanos, Math.max(2_000_000_000L, nanos / 4)));
    for (int i = 0; i < loads.length; i++) {
      BankLoad load = new BankLoad(port, i, requests);
      loads[i] = load;
      threads[i] = Thread.ofPlatform().start(() -> load.run(warm, warm + nanos));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    Child.say(report(loads, requests > 0 ? System.nanoTime() - begun : nanos));
  }

  private static String report(BankLoad[] loads, long nanos) {
    long[] all =
        Arrays.stream(loads)
            .flatMapToLong(load -> Arrays.stream(load.latencies, 0, load.measured))
            .sorted()
            .toArray();
    long[] net = new long[Bank.ACCOUNTS];
    for (BankLoad load : loads) {
      Arrays.setAll(net, a -> net[a] + load.net[a]);
    }
    return String.format(
        Locale.ROOT,
        "%s%d %d %d %d %d %.1f %.1f %.1f %.1f %s",
        REPORT,
        Arrays.stream(loads).mapToInt(load -> load.done).sum(),
        Arrays.stream(loads).mapToInt(load -> load.failed).sum(),
        Arrays.stream(loads).mapToInt(load -> load.wrong).sum(),
        Arrays.stream(loads).mapToInt(load -> load.transfers).sum(),
        Arrays.stream(loads).mapToInt(load -> load.counted).sum(),
        Arrays.stream(loads).mapToInt(load -> load.answered).sum() * 1e9 / nanos,
        at(all, 0.5),
        at(all, 0.99),
        at(all, 0.999),
        String.join(",", Arrays.stream(net).mapToObj(Long::toString).toList()));
  }

  /** In microseconds; the longest wait there is for a quantile of nothing. */
  private static double at(long[] sorted, double quantile) {
    return sorted.length == 0
        ? TIMEOUT_MILLIS * 1e3
        : sorted[(int) (quantile * (sorted.length - 1))] / 1e3;
  }

  private void run(long warm, long end) {
    for (int i = 0; isMore(i, end); ) {
      try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        var in = new BufferedInputStream(socket.getInputStream());
        while (isMore(i, end)) {
          Question question = question(i++);
          byte[] text =
              ("GET " + question.path + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII);
          long begun = System.nanoTime();
          boolean ok = false;
          try {
            socket.getOutputStream().write(text);
            String answer = readAnswer(in);
            ok = true;
            check(question, answer);
          } finally {
            measure(begun >= warm, System.nanoTime() - begun, ok);
            if (!ok && question.kind == COUNT) {
              uncertain++;
            }
          }
        }
      } catch (IOException e) { // a time limit, too
        failed++;
        if (failed == 1) {
          System.err.println("connection " + number + ", request " + i + ": " + e);
        }
      }
    }
  }

  private boolean isMore(int i, long end) {
    return requests > 0 ? i < requests : System.nanoTime() - end < 0;
  }

  private void measure(boolean counts, long nanos, boolean ok) {
    if (!counts) {
      return;
    }
    if (measured == latencies.length) {
      latencies = Arrays.copyOf(latencies, measured * 2);
    }
    latencies[measured++] = nanos;
    if (ok) {
      answered++;
    }
  }

  // --------------- What is asked, and what must come ---------------

  private static final int ACCOUNT = 0;
  private static final int TRANSFER = 1;
  private static final int TOTAL = 2;
  private static final int ROWS = 3;
  private static final int COUNT = 4;
  private static final int TEXT = 5;
  private static final int BOTH = 6;

  /** How often each is asked for, of twenty. */
  private static final int[] KINDS = {
    ACCOUNT, ACCOUNT, ACCOUNT, ACCOUNT, TRANSFER, TRANSFER, TRANSFER, TRANSFER, TRANSFER, TOTAL,
    ROWS, COUNT, COUNT, COUNT, COUNT, TEXT, TEXT, BOTH, BOTH, BOTH
  };

  /** A request, with the numbers in it: what they mean depends on the kind. */
  private record Question(int kind, String path, int a, int b, long n) {}

  private Question question(int i) {
    int kind = KINDS[random.nextInt(KINDS.length)];
    int a = random.nextInt(Bank.ACCOUNTS);
    int b = (a + 1 + random.nextInt(Bank.ACCOUNTS - 1)) % Bank.ACCOUNTS;
    int text = random.nextInt(TEXTS);
    int n = 1 + random.nextInt(200);
    return switch (kind) {
      case ACCOUNT -> new Question(kind, "/account/" + a, a, 0, 0);
      case TRANSFER -> {
        long id = number * 1_000_000_000L + i;
        yield new Question(kind, "/transfer/" + id + "/" + a + "/" + b + "/" + n, a, b, n);
      }
      case TOTAL -> new Question(kind, "/total", 0, 0, 0);
      case ROWS -> new Question(kind, "/rows/" + n, 0, 0, n);
      case COUNT -> new Question(kind, "/count/" + number, 0, 0, 0);
      case TEXT -> new Question(kind, "/text/" + text, text, 0, 0);
      default -> new Question(kind, "/both/" + a + "/" + text, a, text, 0);
    };
  }

  private void check(Question question, String answer) {
    done++;
    boolean right =
        switch (question.kind) {
          case ACCOUNT -> isAccount(answer, question.a);
          case TRANSFER -> {
            transfers++;
            net[question.a] -= question.n;
            net[question.b] += question.n;
            yield answer.equals("done " + question.path.split("/", -1)[2]);
          }
          case TOTAL -> answer.equals("" + Bank.ACCOUNTS * Bank.START);
          case ROWS -> answer.equals(question.n + " " + question.n * (question.n + 1) / 2);
          case COUNT -> isNextCount(answer);
          case TEXT -> answer.equals("text of " + question.a);
          default -> {
            String[] both = answer.split(", ", -1);
            yield both.length == 2
                && isAccount(both[0], question.a)
                && both[1].equals("text of " + question.b);
          }
        };
    if (!right) {
      wrong++;
    }
    if (!right && wrong == 1) {
      System.err.println(question + " was answered with '" + answer + "', " + counted + " before");
    }
  }

  private static boolean isAccount(String answer, int id) {
    return answer.matches(id + " name-" + id + " -?[0-9]+");
  }

  /** Nobody else counts by this key, so none may be lost, and none doubled. */
  private boolean isNextCount(String answer) {
    int count = Integer.parseInt(answer);
    boolean right = count > counted && count <= counted + 1 + uncertain;
    uncertain -= Math.clamp(count - counted - 1L, 0, uncertain);
    counted = count;
    return right;
  }

  /** The body of the next answer, which must be a good one that says its length. */
  private static String readAnswer(InputStream in) throws IOException {
    String status = readLine(in);
    int length = -1;
    for (String line = readLine(in); !line.isEmpty(); line = readLine(in)) {
      String lower = line.toLowerCase(Locale.ROOT);
      if (lower.startsWith("content-length:")) {
        length = Integer.parseInt(lower.substring("content-length:".length()).strip());
      }
    }
    if (!status.startsWith("HTTP/1.1 200") || length < 0) {
      throw new IOException("answered with " + status + ", length " + length);
    }
    byte[] body = in.readNBytes(length);
    if (body.length < length) {
      throw new IOException("closed in the middle of an answer");
    }
    return new String(body, StandardCharsets.UTF_8);
  }

  private static String readLine(InputStream in) throws IOException {
    var line = new ByteArrayOutputStream();
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        throw new IOException("closed");
      }
      if (b != '\r') {
        line.write(b);
      }
    }
    return line.toString(StandardCharsets.US_ASCII);
  }
}
