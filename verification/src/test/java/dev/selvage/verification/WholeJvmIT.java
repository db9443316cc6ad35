package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.selvage.verification.SelvageCommand.Result;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.instruction.FieldInstruction;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** Every virtual thread of a program that nobody changed, on the scheduler of ours. */
final class WholeJvmIT {
  private static final String OURS = "[selvage-m-N]";
  private static final String JDKS = "[ForkJoinPool-N-worker-N]";

  /** Threads that nobody here has started, such as those of the agent. */
  private static final int FEW = 8;

  /** How often in a row threads that wake each other run before others. */
  private static final int INHERITED = 1024;

  private static final int TRIES = 300;

  private static final String OWN_OPEN = "--add-opens=java.base/java.lang=ALL-UNNAMED";

  /** Another agent: one that has a virtual thread, or one that changes the same class. */
  private static final String OTHER =
      """
      package other;

      import java.lang.instrument.*;
      import java.security.ProtectionDomain;

      public class Other {
        public static void premain(String options, Instrumentation instrumentation) throws Exception {
          if (options.equals("thread")) {
            Thread.ofVirtual().start(Other::tell);
            return;
          }
          var transformer =
              new ClassFileTransformer() {
                public byte[] transform(
                    Module m, ClassLoader l, String n, Class<?> c, ProtectionDomain d, byte[] b) {
                  return "java/lang/VirtualThread".equals(n) ? b : null;
                }
              };
          instrumentation.addTransformer(transformer, true);
          instrumentation.retransformClasses(Class.forName("java.lang.VirtualThread", false, null));
        }

        static void tell() {
          try {
            while (true) {
              Thread.sleep(20);
              System.out.println("before " + Thread.currentThread());
            }
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        }
      }
      """;

  private final Path directory;

  WholeJvmIT(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory) {
    this.directory = directory;
  }

  private Target.Launch with(String scheduler) {
    return Target.java().agent(directory, "leaks-after=1h,scheduler=" + scheduler);
  }

  // --------------- What runs where ---------------

  @Test
  void a_program_does_the_same_on_either_scheduler() throws Exception {
    String onTheirs;
    String pollers;
    try (Target target = with("jdk").start(directory, EveryThread.class)) {
      onTheirs = target.ask("what", "what ");
      pollers = target.ask("pollers", "pollers ");
      assertEquals("carriers " + JDKS, target.ask("carriers", "carriers "));
      assertEquals("pool works", target.ask("pool", "pool "));
    }
    try (Target target = with("gmp").start(directory, EveryThread.class)) {
      assertEquals(onTheirs, target.ask("what", "what "));
      assertEquals(pollers, target.ask("pollers", "pollers "));
      assertEquals("carriers " + OURS, target.ask("carriers", "carriers "));
      assertEquals("pool is idle", target.ask("pool", "pool ")); // nor do the pollers run there
      assertEquals("hogs run on", target.ask("hogs", "hogs "));
      assertEquals("", target.stderr());
    }
  }

  @Test
  void nothing_is_changed_without_being_asked() throws Exception {
    try (Target target = with("auto").start(directory, EveryThread.class)) {
      target.ask("what", "what ");
      assertEquals("carriers " + JDKS, target.ask("carriers", "carriers "));
    }
  }

  @Test
  void a_thread_with_a_scheduler_of_its_own_keeps_it_and_so_do_its_children() throws Exception {
    try (Target target = with("gmp").option(OWN_OPEN).start(directory, EveryThread.class)) {
      assertEquals("own [own]", target.ask("own", "own "));
    }
  }

  @Test
  void a_thread_that_was_there_before_the_agent_is_left_alone() throws Exception {
    Target.Launch launch = Target.java().option("-javaagent:" + otherAgent() + "=thread");
    try (Target target =
        launch
            .agent(directory, "leaks-after=1h,scheduler=gmp")
            .start(directory, EveryThread.class)) {
      target.ask("what", "what ");
      assertEquals("carriers " + OURS, target.ask("carriers", "carriers "));
      String line = target.await("before ");
      assertTrue(line.contains("@ForkJoinPool"), line);
    }
  }

  @Test
  void another_agent_that_undoes_it_is_made_up_for() throws Exception {
    Target.Launch launch = with("gmp").option("-javaagent:" + otherAgent() + "=class");
    try (Target target = launch.start(directory, EveryThread.class)) {
      target.ask("await selvage-m-", "awaited");
      String said = target.stderr();
      assertEquals(1, said.lines().count(), said);
      assertTrue(said.startsWith("selvage: another agent has put the scheduler of the JDK"), said);
    }
  }

  @Test
  void goroutines_and_other_threads_share_the_processors() throws Exception {
    for (String scheduler : List.of("gmp", "auto")) {
      try (Target target =
          with(scheduler)
              .classPath(Project.programsInTheLanguage())
              .start(directory, SharedPs.class)) {
        String line = target.await("others ");
        assertTrue(line.endsWith(" on scheduler gmp"), line);
        long runs = Long.parseLong(line.split(" ", 3)[1]);
        assertEquals(scheduler.equals("gmp"), runs >= SharedPs.OTHERS, line);
      }
    }
  }

  /**
   * The pollers were started on the scheduler of the agent's copy. What shows that they have left
   * it is that sockets are waited for, and answered, while it runs nothing.
   */
  @Test
  void pollers_go_with_the_others_to_the_scheduler_of_the_programs_own_copy() throws Exception {
    try (Target target =
        with("gmp")
            .classPath(Project.programsInTheLanguage())
            .start(directory, MovedPollers.class)) {
      String before = target.await("before ");
      assertTrue(Long.parseLong(before.split(" ", 2)[1]) >= MovedPollers.EXCHANGES, before);
      String after = target.await("after ");
      String[] parts = after.split(" ", 4);
      assertEquals("0", parts[1], after);
      assertTrue(Long.parseLong(parts[2]) >= MovedPollers.EXCHANGES, after);
      assertEquals("false", parts[3], after); // nor did the JDK's pool run them
    }
  }

  /**
   * Otherwise those that hand something over spin for a partner that only they keep from running.
   */
  @Test
  void queues_of_the_jdk_know_who_waits_for_their_carrier() throws Exception {
    for (String scheduler : List.of("jdk", "gmp")) {
      try (Target target =
          with(scheduler)
              .option("--add-opens=java.base/java.util.concurrent=ALL-UNNAMED")
              .start(directory, EveryThread.class)) {
        assertEquals("work is seen", target.ask("work", "work "), scheduler);
      }
    }
  }

  /**
   * On one P, counted in turns of others. Whoever gives way, or comes from outside because its time
   * is over, waits for those that wait already. Two that hand something over run one after the
   * other, up to 1024 times, and then wait for the others as well.
   */
  @Test
  void who_gives_way_or_sleeps_waits_for_a_bounded_number_of_turns() throws Exception {
    try (Target target =
        with("gmp")
            .option("-Dselvage.gomaxprocs=1")
            .classPath(Project.testClassesAndTheLanguage())
            .start(directory, Turns.class)) {
      for (int pairs : List.of(0, 2)) {
        int others = Turns.YIELDING + Turns.SLEEPING + FEW;
        assertTurns(target, pairs, others + pairs * INHERITED);
      }
    }
  }

  /** A P that was taken from its M, as happens on a busy machine, mixes turns: then once more. */
  private static void assertTurns(Target target, int pairs, long most) throws Exception {
    for (int i = 0; i < TRIES; i++) {
      String line = target.ask("pairs " + pairs, "turns ");
      String[] parts = line.split(" ", 5);
      assertTrue(parts[4].startsWith("scheduler gmp"), line);
      assertTrue(Long.parseLong(parts[1]) > 1, "nobody waited: " + line);
      if (parts[3].equals("0")) {
        assertTrue(Long.parseLong(parts[1]) <= most, line + ", at most " + most);
        assertTrue(Long.parseLong(parts[2]) <= most, line + ", at most " + most);
        return;
      }
    }
    abort("the machine is too busy: in each of " + TRIES + " tries a P was taken from its M");
  }

  @Test
  void an_execution_trace_has_them() throws Exception {
    int port;
    try (var free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    Target.Launch launch =
        Target.java().agent(directory, "leaks-after=1h,scheduler=gmp,port=" + port);
    try (Target target = launch.start(directory, EveryThread.class);
        var client = HttpClient.newHttpClient()) {
      target.ask("named first", "started"); // so the server is up
      URI trace = URI.create("http://localhost:" + port + "/debug/pprof/trace?seconds=3");
      var asked =
          client.sendAsync(HttpRequest.newBuilder(trace).build(), BodyHandlers.ofByteArray());
      while (!asked.isDone()) { // one of them after the trace began
        target.ask("named a-sleeper", "started");
        Thread.sleep(100);
      }
      HttpResponse<byte[]> answer = asked.get();
      assertEquals(200, answer.statusCode());
      String text = new String(answer.body(), StandardCharsets.ISO_8859_1);
      assertTrue(text.startsWith("go 1.23 trace"), "not a trace");
      // Whoever has a stack is called by that, the others by their names.
      assertTrue(
          text.contains("a-sleeper") || text.contains("EveryThread"),
          "nothing in it tells of the program's threads");
    }
  }

  @Test
  void a_program_that_knows_nothing_of_it_gets_lines_like_those_of_gos_schedtrace()
      throws Exception {
    var line =
        Pattern.compile(
            "^SCHED \\d+ms: gomaxprocs=2 idleprocs=[012] threads=\\d+ spinningthreads=\\d+"
                + " needspinning=0 idlethreads=\\d+ runqueue=\\d+ \\[ \\d+ \\d+ ]$",
            Pattern.MULTILINE);
    try (Target target =
        with("gmp")
            .option("-Dselvage.schedtrace=20", "-Dselvage.gomaxprocs=2")
            .start(directory, EveryThread.class)) {
      target.ask("what", "what ");
      long begun = System.nanoTime();
      while (line.matcher(target.stderr()).results().count() < 3) {
        assertTrue(
            System.nanoTime() - begun < Target.PATIENCE.toNanos(),
            () -> "no such lines in: " + target.stderr());
        Thread.sleep(20);
      }
    }
  }

  // --------------- The command ---------------

  @Test
  void the_command_runs_a_program_on_it_and_proves_its_leak() throws Exception {
    compile(
        "Leaks",
        """
        import java.util.concurrent.SynchronousQueue;

        public class Leaks {
          public static void main(String[] args) throws Exception {
            Thread starter = new Thread(() -> {
              for (int i = 0; i < 50; i++) {
                Thread.startVirtualThread(Leaks::leak);
              }
              try {
                Thread.startVirtualThread(() -> System.out.println(Thread.currentThread())).join();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
            starter.start();
            starter.join();
          }

          static void leak() {
            try {
              new Loaded();
              new SynchronousQueue<Integer>().put(1);
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          }

          /** The JVM holds a thread that loads a class, if an agent retransforms all the while. */
          static class Loaded {}
        }
        """);
    Result result =
        run("--scheduler=gmp", "--fail-on", "proven", "--", "-cp", directory.toString(), "Leaks");
    assertEquals(1, result.code(), result.err());
    assertTrue(result.out().contains("@selvage-m-"), result.out());
    assertTrue(result.err().contains("scheduler gmp for all virtual threads"), result.err());
    assertTrue(result.err().contains("LEAK  proven  BlockingQueue.put  x50"), result.err());
    assertTrue(result.err().contains("canary found"), result.err());
  }

  @Test
  void another_build_of_the_jdk_is_refused_with_one_sentence() throws Exception {
    String patch = "java.base=" + otherJdk();
    compile(
        "Main",
        "public class Main { public static void main(String[] a) { System.out.println(1); } }");
    String[] program = {"--patch-module", patch, "-cp", directory.toString(), "Main"};
    Result asked = run(concat("--scheduler=gmp", program));
    assertEquals(2, asked.code(), asked.err());
    assertEquals("", asked.out());
    String ours = only(asked.err());
    assertTrue(
        ours.startsWith(
            "selvage: --scheduler=gmp is not possible here: the constructor of"
                + " java.lang.VirtualThread reads DEFAULT_SCHEDULER 2 times"),
        ours);
    assertTrue(ours.contains(Runtime.version().toString()), ours);

    // The same JDK is good for everything else.
    assertEquals(0, run(concat("--scheduler=jdk", program)).code());

    // Whoever starts the agent by other means has the program run on.
    try (Target target =
        with("gmp").option("--patch-module", patch).start(directory, EveryThread.class)) {
      target.ask("what", "what ");
      assertEquals("carriers " + JDKS, target.ask("carriers", "carriers "));
      String said = only(target.stderr());
      assertTrue(said.contains("virtual threads run on the scheduler of the JDK, since"), said);
    }
  }

  @Test
  void it_is_refused_where_a_property_says_otherwise() throws Exception {
    compile(
        "Main",
        "public class Main { public static void main(String[] a) { System.out.println(1); } }");
    Result result =
        run(
            "--scheduler=gmp",
            "--",
            "-Dselvage.scheduler=jdk",
            "-cp",
            directory.toString(),
            "Main");
    assertEquals(2, result.code(), result.err());
    assertTrue(only(result.err()).contains("-Dselvage.scheduler=jdk says"), result.err());
    assertEquals("", result.out());
  }

  /** The one line of ours; Java warns of what it was told to do to its own module. */
  private static String only(String text) {
    List<String> ours = text.lines().filter(line -> line.startsWith("selvage: ")).toList();
    assertEquals(1, ours.size(), text);
    return ours.getFirst();
  }

  private static String[] concat(String option, String... program) {
    var all = new ArrayList<>(List.of(option, "--"));
    all.addAll(List.of(program));
    return all.toArray(String[]::new);
  }

  private Result run(String... arguments) throws IOException, InterruptedException {
    var all = new ArrayList<>(List.of("run"));
    all.addAll(List.of(arguments));
    return SelvageCommand.run(
        SelvageCommand.of(all.toArray(String[]::new)), directory.resolve("err"));
  }

  // --------------- What the tests need ---------------

  /** A JDK whose virtual threads are made in another way, to the same effect. */
  private Path otherJdk() throws IOException {
    byte[] original;
    try (InputStream in =
        Objects.requireNonNull(Object.class.getResourceAsStream("VirtualThread.class"))) {
      original = in.readAllBytes();
    }
    ClassFile file = ClassFile.of();
    byte[] other =
        file.transformClass(
            file.parse(original),
            ClassTransform.transformingMethodBodies(
                method -> method.methodName().equalsString("<init>"),
                (code, element) -> {
                  code.with(element);
                  if (element instanceof FieldInstruction field
                      && field.name().equalsString("DEFAULT_SCHEDULER")) {
                    code.pop().with(element);
                  }
                }));
    Path patch = Files.createDirectories(directory.resolve("patch"));
    Path type = patch.resolve("java/lang/VirtualThread.class");
    Files.createDirectories(type.getParent());
    Files.write(type, other);
    return patch;
  }

  private Path otherAgent() throws IOException {
    Path source = directory.resolve("Other.java");
    Files.writeString(source, OTHER);
    javac(source);
    var manifest = new Manifest();
    Attributes main = manifest.getMainAttributes();
    main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    main.putValue("Premain-Class", "other.Other");
    main.putValue("Can-Retransform-Classes", "true");
    Path jar = directory.resolve("other.jar");
    try (var out = new JarOutputStream(Files.newOutputStream(jar), manifest)) {
      for (String type : List.of("other/Other", "other/Other$1")) {
        out.putNextEntry(new JarEntry(type + ".class"));
        Files.copy(directory.resolve(type + ".class"), out);
      }
    }
    return jar;
  }

  private void compile(String name, String text) throws IOException {
    Path source = directory.resolve(name + ".java");
    Files.writeString(source, text);
    javac(source);
  }

  private void javac(Path source) {
    int code =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, "-d", directory.toString(), source.toString());
    assertEquals(0, code);
  }
}
