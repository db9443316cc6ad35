package dev.selvage.diagnostics.profile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.diagnostics.GoroutineInfo;
import dev.selvage.observe.WaitReason;
import dev.selvage.testing.GoTool;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Golden texts, and the binary form as the real {@code go tool pprof} reads it. */
final class GoroutineProfileTests {
  private static final Instant NOON = Instant.parse("2026-01-01T12:00:00.5Z");

  private static final List<StackTraceElement> QUOTE =
      List.of(
          frame("java.lang.VirtualThread", "park", "VirtualThread.java", 738),
          frame("java.util.concurrent.SynchronousQueue", "put", "SynchronousQueue.java", 9),
          frame("com.acme.Order", "quote", "Order.java", 57),
          frame("com.acme.Order$Inner", "lambda$handle$0", "Order.java", 49));

  private static final List<StackTraceElement> POLL =
      List.of(
          frame("Main", "poll", null, -1),
          frame("com.acme.AnEvenLongerNameOfAClass", "<init>", "Order.java", 3));

  private final Path dir;

  GoroutineProfileTests(@TempDir Path dir) {
    this.dir = dir;
  }

  private static StackTraceElement frame(
      String type, String method, @Nullable String file, int line) {
    return new StackTraceElement("app", null, null, type, method, file, line);
  }

  private static GoroutineInfo thread(
      long id,
      String name,
      WaitReason why,
      long seconds,
      boolean leaked,
      List<StackTraceElement> at) {
    return new GoroutineInfo(
        id,
        name,
        why,
        seconds < 0 ? OptionalLong.empty() : OptionalLong.of(seconds),
        leaked,
        "<root>",
        at);
  }

  private static final List<GoroutineInfo> THREADS =
      List.of(
          thread(30, "", WaitReason.NONE, -1, false, POLL),
          thread(31, "", WaitReason.CHAN_SEND, 900, true, QUOTE),
          thread(32, "", WaitReason.CHAN_SEND, 30, true, QUOTE),
          thread(33, "a \"b\"\n", WaitReason.SLEEP, 59, false, POLL),
          thread(34, "", WaitReason.QUEUE_TAKE, 60, false, QUOTE),
          thread(35, "", WaitReason.QUEUE_TAKE, 359, false, List.of()));

  private static GoroutineProfile profile(List<GoroutineInfo> threads) {
    return GoroutineProfile.of("goroutine", "shop.jar", NOON, threads);
  }

  @Test
  @DisplayName("debug=1 is as Go writes it: counts, labels, columns kept with tabs")
  void text() {
    String queue = "java.util.concurrent.SynchronousQueue.put+0x0\tjava/util/concurrent/";
    assertEquals(
        """
        goroutine profile: total 6
        2 @ 0x157861966720 0x150ac775fb10 0x1e8fa67a6cf0 0x154d17579110
        # labels: {"container":"<root>", "state":"leaked", "wait":"chan send"}
        #\t0x150ac775fb10\t%1$sSynchronousQueue.java:9
        #\t0x1e8fa67a6cf0\tcom.acme.Order.quote+0x0\t\t\tcom/acme/Order.java:57
        #\t0x154d17579110\tcom.acme.Order$Inner.lambda$handle$0+0x0\tcom/acme/Order.java:49

        1 @
        # labels: {"container":"<root>", "state":"waiting", "wait":"BlockingQueue.take"}

        1 @ 0x157861966720 0x150ac775fb10 0x1e8fa67a6cf0 0x154d17579110
        # labels: {"container":"<root>", "state":"waiting", "wait":"BlockingQueue.take"}
        #\t0x150ac775fb10\t%1$sSynchronousQueue.java:9
        #\t0x1e8fa67a6cf0\tcom.acme.Order.quote+0x0\t\t\tcom/acme/Order.java:57
        #\t0x154d17579110\tcom.acme.Order$Inner.lambda$handle$0+0x0\tcom/acme/Order.java:49

        1 @ 0x1cf266821d50 0x1afbf6b94590
        # labels: {"container":"<root>", "name":"a \\"b\\"\\n", "state":"waiting", "wait":"sleep"}
        #\t0x1cf266821d50\tMain.poll+0x0\t\t\t\t\t?:0
        #\t0x1afbf6b94590\tcom.acme.AnEvenLongerNameOfAClass.<init>+0x0\tcom/acme/Order.java:3

        1 @ 0x1cf266821d50 0x1afbf6b94590
        # labels: {"container":"<root>", "state":"runnable"}
        #\t0x1cf266821d50\tMain.poll+0x0\t\t\t\t\t?:0
        #\t0x1afbf6b94590\tcom.acme.AnEvenLongerNameOfAClass.<init>+0x0\tcom/acme/Order.java:3

        """
            .formatted(queue),
        profile(THREADS).toText());
  }

  @Test
  @DisplayName("debug=1 hides the parking and the start of a stack, but never a whole stack")
  void hidden() {
    StackTraceElement park = frame("java.lang.VirtualThread", "park", "VirtualThread.java", 738);
    StackTraceElement run = frame("java.lang.VirtualThread", "run", "VirtualThread.java", 460);
    assertEquals(List.of("com.acme.Order.quote+0x0"), shown(List.of(park, QUOTE.get(2), run)));
    assertEquals(
        List.of("java.lang.VirtualThread.park+0x0", "java.lang.VirtualThread.run+0x0"),
        shown(List.of(park, run)));
  }

  private static List<String> shown(List<StackTraceElement> stack) {
    return profile(List.of(thread(1, "", WaitReason.PARK, 0, false, stack)))
        .toText()
        .lines()
        .filter(line -> line.startsWith("#\t"))
        .map(line -> line.split("\t", 4)[2])
        .toList();
  }

  @Test
  @DisplayName("debug=2 is as Go writes it: minutes from one minute up, and not for the leaked")
  void dump() {
    assertEquals(
        """
        goroutine 30 [runnable]:
        Main.poll(...)
        \t?:0
        com.acme.AnEvenLongerNameOfAClass.<init>(...)
        \tcom/acme/Order.java:3

        goroutine 31 [chan send (leaked)]:
        java.lang.VirtualThread.park(...)
        \tjava/lang/VirtualThread.java:738
        java.util.concurrent.SynchronousQueue.put(...)
        \tjava/util/concurrent/SynchronousQueue.java:9
        com.acme.Order.quote(...)
        \tcom/acme/Order.java:57
        com.acme.Order$Inner.lambda$handle$0(...)
        \tcom/acme/Order.java:49

        goroutine 33 [sleep labels:{"name": "a \\"b\\"\\n"}]:
        Main.poll(...)
        \t?:0
        com.acme.AnEvenLongerNameOfAClass.<init>(...)
        \tcom/acme/Order.java:3

        goroutine 35 [BlockingQueue.take, 5 minutes]:
        """,
        GoroutineProfile.dump(
            List.of(THREADS.get(0), THREADS.get(1), THREADS.get(3), THREADS.get(5))));
    assertTrue(
        GoroutineProfile.dump(THREADS).contains("goroutine 34 [BlockingQueue.take, 1 minutes]:\n"));
    assertEquals("", GoroutineProfile.dump(List.of()));
  }

  @Test
  @DisplayName("debug=2 tells what a wait of ours is on")
  void waitObjects() {
    GoroutineInfo select =
        new GoroutineInfo(
            36,
            "",
            WaitReason.SELECT,
            OptionalLong.of(130),
            List.of("chan(0/0)", "chan(2/2)"),
            false,
            "",
            List.of(),
            Map.of());
    assertEquals(
        "goroutine 36 [select, 2 minutes, chan(0/0), chan(2/2)]:\n",
        GoroutineProfile.dump(List.of(select)));
  }

  @Test
  @DisplayName("a dump that grows too long is cut between two threads and says so")
  void cut() {
    assertEquals(
        """
        goroutine 35 [BlockingQueue.take, 5 minutes]:

        ...2 more goroutines left out
        """,
        GoroutineProfile.dump(List.of(THREADS.get(5), THREADS.get(0), THREADS.get(1)), 60));
  }

  @Test
  @DisplayName("no thread at all makes a profile, too")
  void empty() throws Exception {
    assertEquals("goroutine profile: total 0\n", profile(List.of()).toText());
    String raw = GoTool.pprof(dir, "-raw", write(profile(List.of())));
    assertTrue(raw.contains("goroutine/count\nLocations\n"), raw);
  }

  @Test
  @DisplayName("pprof -raw shows every sample, label, function and line, and one mapping")
  void raw() throws Exception {
    String raw = GoTool.pprof(dir, "-raw", write(profile(THREADS)));
    // -raw prints its lines with blanks at their ends.
    assertEquals(
        """
        PeriodType: goroutine count
        Period: 1
        Time: 2026-01-01 12:00:00.5 +0000 UTC
        Samples:
        goroutine/count
                  1: 1 2
                        container:[<root>] state:[runnable]
                  2: 3 4 5 6
                        container:[<root>] state:[leaked] wait:[chan send]
                  1: 1 2
                        container:[<root>] name:[a "b"
        ] state:[waiting] wait:[sleep]
                  1: 3 4 5 6
                        container:[<root>] state:[waiting] wait:[BlockingQueue.take]
                  1:
                        container:[<root>] state:[waiting] wait:[BlockingQueue.take]
        Locations
             1: 0x1cf266821d50 M=1 Main.poll ?:0:0 s=0
             2: 0x1afbf6b94590 M=1 com.acme.AnEvenLongerNameOfAClass.<init> \
        com/acme/Order.java:3:0 s=0
             3: 0x157861966720 M=1 java.lang.VirtualThread.park \
        java/lang/VirtualThread.java:738:0 s=0
             4: 0x150ac775fb10 M=1 java.util.concurrent.SynchronousQueue.put \
        java/util/concurrent/SynchronousQueue.java:9:0 s=0
             5: 0x1e8fa67a6cf0 M=1 com.acme.Order.quote com/acme/Order.java:57:0 s=0
             6: 0x154d17579110 M=1 com.acme.Order$Inner.lambda$handle$0 \
        com/acme/Order.java:49:0 s=0
        Mappings
        1: 0x0/0x0/0x0 shop.jar  [FN][FL][LN]
        """,
        raw.replaceAll("(?m) +$", ""));
  }

  @Test
  @DisplayName("pprof -top counts by function and names the program")
  void top() throws Exception {
    String top = GoTool.pprof(dir, "-top", write(profile(THREADS)));
    assertTrue(top.startsWith("File: shop.jar\nType: goroutine\nTime: "), top);
    assertTrue(
        Pattern.compile("(?m)^ +0 +0% +[0-9.]+% +3 +50.00%  com.acme.Order.quote$")
            .matcher(top)
            .find(),
        top);
  }

  @Test
  @DisplayName("pprof -tags sums up the labels")
  void tags() throws Exception {
    String tags = GoTool.pprof(dir, "-tags", write(profile(THREADS))).replaceAll(" +", " ");
    assertTrue(tags.contains(" state: Total 6"), tags);
    assertTrue(tags.contains("2 (33.33%): leaked\n"), tags);
    assertTrue(tags.contains("2 (33.33%): BlockingQueue.take\n"), tags);
  }

  @Test
  @DisplayName("a delta has what came, what went, and how long it took")
  void delta() throws Exception {
    List<GoroutineInfo> later = new ArrayList<>(THREADS.subList(1, 6));
    later.add(thread(40, "", WaitReason.CHAN_SEND, 0, true, QUOTE));
    GoroutineProfile delta =
        GoroutineProfile.of("goroutine", "shop.jar", NOON.plusSeconds(5), later)
            .since(profile(THREADS));
    assertEquals(0, delta.total());
    assertTrue(delta.toText().contains("\n1 @ 0x"), delta.toText());
    assertTrue(delta.toText().contains("\n-1 @ 0x"), delta.toText());
    String raw = GoTool.pprof(dir, "-raw", write(delta));
    assertTrue(raw.contains("Duration: 5s\n"), raw);
    assertTrue(Pattern.compile("(?m)^ +-1: ").matcher(raw).find(), raw);
  }

  @Test
  @DisplayName("addresses are the same in every run, differ by line, and lead back to the function")
  void addresses() {
    long address = Frame.of(QUOTE.get(2)).address();
    assertEquals(0x1e8fa67a6cf0L, address);
    assertEquals(
        Map.of(address - 1, "com.acme.Order.quote", address, "com.acme.Order.quote"),
        GoroutineProfile.symbols(THREADS, List.of(address, address - 1, 5L)));
    assertEquals(Map.of(), GoroutineProfile.symbols(List.of(), List.of(address)));
  }

  @Test
  @DisplayName("the same list gives the same bytes")
  void deterministic() {
    assertArrayEquals(profile(THREADS).toProto(), profile(List.copyOf(THREADS)).toProto());
  }

  private String write(GoroutineProfile profile) throws Exception {
    return Files.write(dir.resolve("profile.pb.gz"), profile.toProto()).toString();
  }
}
