package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * One core in a JVM: whatever the application brings of Selvage, in whichever class loader, the
 * agent works and neither gets in the way of the other. The applications are compiled here, so that
 * each has exactly the class path it is about.
 */
class OneCoreIT {
  private static final String CORE = Project.ROOT.resolve("core/target/classes").toString();

  private static final Pattern HELD =
      Pattern.compile("; (\\d+) of \\1 carriers of Selvage's scheduler were kept free");

  private static final String WITH_CORE =
      """
      package com.acme;

      import static dev.selvage.Go.go;

      import dev.selvage.Channel;
      import dev.selvage.Go;
      import dev.selvage.time.Ticker;
      import java.time.Duration;

      public class App implements Runnable {
        public void run() {
          if (!Go.runtime().toString().equals("scheduler gmp")) {
            throw new IllegalStateException("the agent has not opened what is needed: " + Go.runtime());
          }
          for (int i = 0; i < 3; i++) {
            go(App::leak);
          }
          Thread.ofPlatform().daemon().start(App::tickers);
        }

        static void leak() throws InterruptedException {
          Channel.<Integer>unbuffered().send(1);
        }

        static void tickers() {
          try {
            while (true) {
              go(App::follow);
              Thread.sleep(40);
            }
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        }

        static void follow() {
          for (var tick : Ticker.every(Duration.ofMillis(50)).channel()) {
            if (tick == null) {
              return;
            }
          }
        }
      }
      """;

  private static final String PLAIN =
      """
      package com.acme;

      import java.util.concurrent.SynchronousQueue;

      public class App implements Runnable {
        public void run() {
          for (int i = 0; i < 3; i++) {
            Thread.startVirtualThread(App::leak);
          }
        }

        static void leak() {
          try {
            new SynchronousQueue<Integer>().put(1);
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        }
      }
      """;

  private static final String MAIN =
      """
      package com.acme;

      import java.io.File;
      import java.net.URL;
      import java.net.URLClassLoader;
      import java.util.ArrayList;
      import java.util.List;

      /** Runs App from its own class path, or, for each argument, from a class loader of its own. */
      public class Main {
        static final List<ClassLoader> LOADERS = new ArrayList<>();

        public static void main(String[] args) throws Exception {
          Thread starter = new Thread(() -> start(args));
          starter.start();
          starter.join();
          System.out.println("ready");
          System.in.read();
        }

        static void start(String[] args) {
          try {
            if (args.length == 0) {
              ((Runnable) Class.forName("com.acme.App").getConstructor().newInstance()).run();
            }
            for (String path : args) {
              List<URL> urls = new ArrayList<>();
              for (String part : path.split(File.pathSeparator)) {
                urls.add(new File(part).toURI().toURL());
              }
              ClassLoader loader =
                  new URLClassLoader(urls.toArray(URL[]::new), Main.class.getClassLoader());
              LOADERS.add(loader);
              Class<?> app = Class.forName("com.acme.App", true, loader);
              ((Runnable) app.getConstructor().newInstance()).run();
            }
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        }
      }
      """;

  /** A core that has the names of ours and nothing else in common with it. */
  private static final Map<String, String> OTHER_CORE =
      Map.of(
          "dev/selvage/Channel.java",
          "package dev.selvage; public enum Channel { THE_OLD_ONE }",
          "dev/selvage/observe/WaitReason.java",
          "package dev.selvage.observe; public class WaitReason { }",
          "dev/selvage/observe/Probe.java",
          "package dev.selvage.observe; public class Probe { public static int protocol() { return"
              + " 99; } public static String resources() { throw new"
              + " IllegalStateException(\"asked\"); } }",
          "dev/selvage/diagnostics/prover/Prover.java",
          "package dev.selvage.diagnostics.prover; public class Prover { static { if (true) throw"
              + " new IllegalStateException(\"the application's own\"); } }");

  /** Meets the core that has nothing but the names, so that the agent hears of it. */
  private static final String WITH_OTHER_CORE =
      PLAIN.replace(
          "public void run() {", "public void run() { dev.selvage.Channel.THE_OLD_ONE.name();");

  /** What protocol 2 of the probe has and 1 had not. */
  private static final Set<String> NEW_IN_2 = Set.of("waitOf", "goroutines");

  private final Path directory;

  OneCoreIT(@TempDir Path directory) {
    this.directory = directory;
  }

  @ParameterizedTest
  @ValueSource(strings = {"auto", "gmp"})
  void theApplicationHasTheSameCore(String scheduler) throws Exception {
    Path app = compile("app", Map.of("com/acme/App.java", WITH_CORE, "com/acme/Main.java", MAIN));
    try (Target target =
        withAgent(scheduler, app + File.pathSeparator + CORE).start(directory, "com.acme.Main")) {
      Look look = target.report();
      assertLeaks(look, "chan send", 3);
      assertTickers(look, 1);
      assertEquals("", target.stderr());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"auto", "gmp"})
  void theApplicationHasNoCore(String scheduler) throws Exception {
    Path app = compile("app", Map.of("com/acme/App.java", PLAIN, "com/acme/Main.java", MAIN));
    try (Target target = withAgent(scheduler, app.toString()).start(directory, "com.acme.Main")) {
      assertLeaks(target.report(), "BlockingQueue.put", 3);
      assertEquals("", target.stderr());
    }
  }

  /** An older one that lacks what was added since, and one that is newer than the agent's. */
  @ParameterizedTest
  @CsvSource({"auto,1", "gmp,3"})
  void theApplicationHasACoreOfAnotherVersion(String scheduler, int protocol) throws Exception {
    Path core = coreOfProtocol(protocol);
    Path app = compile("app", Map.of("com/acme/App.java", WITH_CORE, "com/acme/Main.java", MAIN));
    try (Target target =
        withAgent(scheduler, app + File.pathSeparator + core).start(directory, "com.acme.Main")) {
      Look look = target.report();
      assertLeaks(look, "chan send", 3);
      assertTickers(look, 1);
      assertEquals("", target.stderr());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"auto", "gmp"})
  void theApplicationHasAnotherThatHasOnlyTheNames(String scheduler) throws Exception {
    Path other = compile("other", OTHER_CORE, "");
    Path app =
        compile(
            "app",
            Map.of("com/acme/App.java", WITH_OTHER_CORE, "com/acme/Main.java", MAIN),
            other.toString());
    try (Target target =
        withAgent(scheduler, app + File.pathSeparator + other).start(directory, "com.acme.Main")) {
      assertLeaks(target.report(), "BlockingQueue.put", 3);
      assertEquals("", target.stderr());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"auto", "gmp"})
  void childClassLoadersHaveCoresOfTheirOwn(String scheduler) throws Exception {
    Path main = compile("main", Map.of("com/acme/Main.java", MAIN));
    Path app = compile("app", Map.of("com/acme/App.java", WITH_CORE));
    String child = app + File.pathSeparator + CORE;
    try (Target target =
        withAgent(scheduler, main.toString())
            .option("-Dselvage.gomaxprocs=3")
            .start(directory, "com.acme.Main", child, child)) {
      Look look = target.report();
      assertLeaks(look, "chan send", 6);
      assertTickers(look, 1);
      assertEquals("", target.stderr());
      // Schedulers of their own as well, and for a dump both stand still.
      var word = new StringBuilder();
      Matcher held;
      int tries = 0;
      do { // on a machine that is busy they may not be free in time
        word.setLength(0);
        Files.delete(target.heldDump(word));
        held = HELD.matcher(word);
      } while (!held.find() && ++tries < 5);
      assertTrue(tries < 5 && Integer.parseInt(held.group(1)) >= 6, word::toString);
    }
  }

  private Target.Launch withAgent(String scheduler, String classPath) {
    return Target.java()
        .agent(directory, "leaks-after=4s,scheduler=" + scheduler)
        .classPath(classPath);
  }

  private static void assertLeaks(Look look, String kind, int count) {
    List<Look.Found> certain = look.findings().stream().filter(Look.Found::certain).toList();
    assertEquals(count, certain.stream().mapToInt(Look.Found::count).sum(), certain::toString);
    for (Look.Found found : certain) {
      assertEquals(kind, found.kind());
      assertTrue(found.site().startsWith("com.acme.App.leak(App.java:"), found.site());
    }
  }

  private static void assertTickers(Look look, int atLeast) {
    long tickers =
        look.findings().stream()
            .filter(f -> f.kind().equals("ticker growth"))
            .filter(f -> f.site().startsWith("com.acme.App.follow(App.java:"))
            .count();
    assertTrue(tickers >= atLeast, () -> "no ticker growth in " + look.findings());
  }

  /** A copy of ours whose probe says that it speaks another protocol, and does so. */
  private Path coreOfProtocol(int protocol) throws IOException {
    Path to = directory.resolve("core");
    try (Stream<Path> files = Files.walk(Path.of(CORE))) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(Path.of(CORE).relativize(file)));
      }
    }
    Path probe = to.resolve("dev/selvage/observe/Probe.class");
    ClassModel ours = ClassFile.of().parse(probe);
    List<String> methods = ours.methods().stream().map(m -> m.methodName().stringValue()).toList();
    assertTrue(methods.containsAll(NEW_IN_2), methods::toString);
    byte[] other =
        ClassFile.of()
            .transformClass(
                ours,
                (type, element) -> {
                  if (!(element instanceof MethodModel method)) {
                    type.with(element);
                  } else if (method.methodName().equalsString("protocol")) {
                    type.withMethodBody(
                        "protocol",
                        MethodTypeDesc.of(ConstantDescs.CD_int),
                        ClassFile.ACC_PUBLIC | ClassFile.ACC_STATIC,
                        code -> code.loadConstant(protocol).ireturn());
                  } else if (protocol >= 2
                      || !NEW_IN_2.contains(method.methodName().stringValue())) {
                    type.with(method);
                  }
                });
    Files.write(probe, other);
    return to;
  }

  private Path compile(String name, Map<String, String> sources) throws IOException {
    return compile(name, sources, CORE);
  }

  private Path compile(String name, Map<String, String> sources, String classPath)
      throws IOException {
    Path to = directory.resolve(name);
    Path from = directory.resolve(name + "-sources");
    Files.createDirectories(to);
    var files = new ArrayList<File>();
    for (Map.Entry<String, String> source : sources.entrySet()) {
      Path file = from.resolve(source.getKey());
      Files.createDirectories(file.getParent());
      Files.writeString(file, source.getValue());
      files.add(file.toFile());
    }
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
    try (var manager = compiler.getStandardFileManager(null, null, null)) {
      boolean done =
          compiler
              .getTask(
                  messages,
                  manager,
                  null,
                  List.of("-d", to.toString(), "-cp", classPath),
                  null,
                  manager.getJavaFileObjectsFromFiles(files))
              .call();
      assertTrue(done, messages::toString);
    }
    return to;
  }
}
