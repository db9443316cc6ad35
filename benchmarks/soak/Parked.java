import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;

/**
 * So many virtual threads that wait for something which a static field holds, beside garbage at a
 * steady pace: {@code THREADS SECONDS [FILE]}. Prints what collections and the process cost
 * meanwhile, and, if the file with the address of the debug pages is named, the counters.
 */
final class Parked {
  private static final CountDownLatch LATCH = new CountDownLatch(1);
  private static final Queue<byte[]> WINDOW = new ArrayDeque<>();

  private Parked() {}

  public static void main(String[] args) throws Exception {
    int threads = Integer.parseInt(args[0]);
    for (int i = 0; i < threads; i++) {
      Thread.startVirtualThread(
          () -> {
            try {
              LATCH.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
    }
    garbage(15);
    String before = collections();
    long cpu = cpuNanos();
    int seconds = Integer.parseInt(args[1]);
    garbage(seconds);
    System.out.printf(
        "%,d threads: %.2f %% of one processor; collections before and after: %s; %s%n",
        threads, (cpuNanos() - cpu) / (seconds * 1e9) * 100, before, collections());
    if (args.length > 2) {
      String address = Files.readString(Path.of(args[2])).strip();
      try (var client = HttpClient.newHttpClient()) {
        var request = HttpRequest.newBuilder(URI.create(address + "/debug/selvage/always")).build();
        System.out.print(client.send(request, BodyHandlers.ofString()).body());
      }
    }
    System.exit(0);
  }

  /** 20 MB a second, of which the newest 200 MB live. */
  private static void garbage(int seconds) throws InterruptedException {
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    while (System.nanoTime() < end) {
      for (int i = 0; i < 40; i++) {
        WINDOW.add(new byte[50_000]);
        if (WINDOW.size() > 4_000) {
          WINDOW.remove();
        }
      }
      Thread.sleep(100);
    }
  }

  private static long cpuNanos() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  private static String collections() {
    StringBuilder text = new StringBuilder();
    for (GarbageCollectorMXBean bean : ManagementFactory.getGarbageCollectorMXBeans()) {
      text.append(text.isEmpty() ? "" : ", ")
          .append(bean.getName())
          .append(' ')
          .append(bean.getCollectionCount())
          .append(" in ")
          .append(bean.getCollectionTime())
          .append(" ms");
    }
    return text.toString();
  }
}
