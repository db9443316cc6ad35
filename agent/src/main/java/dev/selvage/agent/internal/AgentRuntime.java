package dev.selvage.agent.internal;

import dev.selvage.diagnostics.AlwaysOn;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.ReportJson;
import dev.selvage.diagnostics.ReportText;
import dev.selvage.diagnostics.Rules;
import dev.selvage.diagnostics.growth.GrowthWatches;
import dev.selvage.diagnostics.growth.HolderSearch;
import dev.selvage.diagnostics.profile.DumpTriggers;
import dev.selvage.diagnostics.profile.Profiler;
import dev.selvage.diagnostics.profile.StackDump;
import dev.selvage.diagnostics.prover.HeldDump;
import dev.selvage.diagnostics.prover.Holders;
import dev.selvage.diagnostics.prover.JdkBuild;
import dev.selvage.diagnostics.prover.Prover;
import dev.selvage.http.DebugEndpoints;
import dev.selvage.http.DebugServer;
import dev.selvage.internal.gmp.WholeJvm;
import dev.selvage.observe.Probe;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.lang.instrument.Instrumentation;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The agent at work: opens what the prover needs, looks when it was told to, and says what it saw.
 */
public final class AgentRuntime {
  /*
   * Invariants.
   *  1. With nothing asked nothing runs: no thread, no timer, no prover. It is made when the first
   *     look is due.
   *  2. The program is never harmed: whatever goes wrong here ends here, with one line on standard
   *     error.
   *  3. Standard error is written to directly. A program may have replaced System.err by something
   *     that blocks or counts.
   */

  /** How often growth is sampled while somebody waits for a look. */
  private static final Duration SAMPLE_EVERY = Duration.ofMillis(500);

  /** When other agents have started, as a rule. */
  private static final Duration RENEW_AFTER = Duration.ofSeconds(1);

  /** For how long threads that were unwound are waited for. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /** For how long virtual threads may take to leave their carriers for a dump. */
  private static final Duration LEAVE_CARRIERS = Duration.ofSeconds(2);

  /** How often goroutines are counted where their number matters. */
  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

  private static final Pattern LINE_BREAKS = Pattern.compile("\\R+");

  private static final PrintStream ERR =
      new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);

  // guarded by AgentRuntime.class
  private static boolean opened;
  private static boolean watching;
  private static @Nullable DebugEndpoints endpoints;
  private static @Nullable Flight flight;

  /** What the language has said last of a deadlock; null if it has not. */
  private static volatile @Nullable String deadlock;

  private final Options options;
  private final Instrumentation instrumentation;

  private AgentRuntime(Options options, Instrumentation instrumentation) {
    this.options = options;
    this.instrumentation = instrumentation;
  }

  /** At the start of the program. */
  public static void premain(String text, Instrumentation instrumentation) {
    try {
      new AgentRuntime(Options.parse(text), instrumentation).start();
    } catch (Throwable t) {
      ERR.println("selvage: disabled: " + reason(t));
    }
  }

  /** By attaching; returns when the command is done, or whoever attached was told why it is not. */
  public static void agentmain(String text, Instrumentation instrumentation) {
    try {
      attached(text, instrumentation);
    } catch (Throwable t) {
      ERR.println("selvage: refused: " + reason(t));
    }
  }

  private static void attached(String text, Instrumentation instrumentation) throws IOException {
    Options options;
    try {
      options = Options.parse(text);
    } catch (IllegalArgumentException e) {
      Optional<Path> report = Options.report(text);
      if (report.isEmpty()) {
        throw e;
      }
      write(report.get(), ReportJson.error(reason(e)));
      return;
    }
    new AgentRuntime(options, instrumentation).attached();
  }

  // ------------------------------------------------------------------ at start

  private void start() throws IOException {
    mark();
    Optional<Path> told = options.path("start");
    if (told.isPresent()) {
      String fault =
          Start.fault(
              System.getProperty("sun.java.command", ""),
              System.getProperty("java.class.path", ""),
              ClassLoader.getSystemClassLoader());
      write(told.get(), fault == null ? "" : fault);
      if (fault != null) {
        // Java would say it in its own words, and then be looked at as if it were a program.
        Runtime.getRuntime().halt(1);
      }
    }
    options.check();
    open();
    schedule(told);
    Optional<Duration> after = options.duration("leaks-after");
    boolean atExit = options.is("at-exit", false);
    boolean suspects = options.is("suspects", true);
    boolean looks = after.isPresent() || atExit || options.port().isPresent();
    Optional<AlwaysOn> always = options.always();
    boolean json = options.newsAreJson();
    Rules rules = options.rules();
    if (!rules.equals(Rules.NONE)) {
      Prover.ofThisJvm().judgeAlsoBy(rules);
    }
    options.flight().ifPresent(Flight.Plan::check);
    String address = "";
    if (options.port().isPresent()) {
      address = serve(options.port().getAsInt());
    }
    if (!options.is("quiet", false)) {
      ERR.println(
          "selvage: agent "
              + version()
              + ", "
              + (looks || always.isPresent() ? mode() : "nothing asked")
              + always.map(each -> ", always on after " + inWords(each.after())).orElse("")
              + address);
    }
    sampleAndDump();
    if (options.is("count-usage", false)) {
      countUsage();
    }
    options.flight().ifPresent(plan -> flight().keep(plan));
    always.ifPresent(settings -> attempt(() -> alwaysOn(settings, json)));
    if (looks && suspects) {
      watch();
    }
    if (looks) {
      daemon("selvage-agent", () -> follow(after, suspects));
    }
    if (atExit) {
      Thread hook =
          Thread.ofPlatform()
              .name("selvage-at-exit")
              .unstarted(() -> attempt(() -> lookAtExit(told)));
      Probe.vouchFor(hook);
      Runtime.getRuntime().addShutdownHook(hook);
    }
  }

  /**
   * Puts the virtual threads where they are to run. Where that cannot be, it is said, and the
   * program runs as it would have; but whoever typed it on a command line wants nothing else.
   */
  private void schedule(Optional<Path> told) throws IOException {
    switch (options.scheduler()) {
      case AUTO -> {}
      case JDK -> System.setProperty("selvage.scheduler", "jdk");
      case GMP -> {
        String impossible = WholeJvm.start(new Retransformation(instrumentation));
        if (impossible == null) {
          daemon("selvage-agent-renew", () -> attempt(this::renewLater));
          return;
        }
        if (told.isPresent()) {
          write(told.get(), "--scheduler=gmp is not possible here: " + impossible);
          Runtime.getRuntime().halt(1);
        }
        ERR.println(
            "selvage: virtual threads run on the scheduler of the JDK, since scheduler=gmp is not"
                + " possible here: "
                + impossible);
      }
    }
  }

  /** Agents that come after this one may change the same class, mostly while they start. */
  private void renewLater() {
    LockSupport.parkNanos(RENEW_AFTER.toNanos());
    renew();
  }

  private void renew() {
    WholeJvm.Renewal renewal = WholeJvm.renew(new Retransformation(instrumentation));
    switch (renewal.state()) {
      case NOT_NEEDED -> {}
      case DONE ->
          ERR.println(
              "selvage: another agent has put the scheduler of the JDK back; virtual threads that"
                  + " are made from now on run on ours again");
      case FAILED ->
          ERR.println(
              "selvage: another agent has put the scheduler of the JDK back, and new virtual"
                  + " threads run on that: "
                  + renewal.why());
    }
  }

  /** Proves leaks by the collections that the program has anyway, and says what is new. */
  private static void alwaysOn(AlwaysOn settings, boolean json) {
    try {
      Prover.ofThisJvm()
          .watch(
              settings,
              news -> {
                if (json) {
                  ERR.print(news.json());
                  ERR.flush();
                } else {
                  ERR.println("selvage: " + news.text());
                }
              });
    } catch (IllegalStateException e) {
      ERR.println("selvage: " + e.getMessage());
    }
  }

  private static String inWords(Duration duration) {
    return duration.toMillis() % 1_000 == 0
        ? duration.toSeconds() + " s"
        : duration.toMillis() + " ms";
  }

  /** A program that never began is not looked at. */
  private void lookAtExit(Optional<Path> told) throws IOException {
    if (told.isPresent() && Thread.getAllStackTraces().values().stream().anyMatch(Start::failed)) {
      write(
          told.get(),
          "Java did not start the program, and has said why above: check what it names");
      return;
    }
    look();
  }

  /** Sets what is sampled, and what dumps stacks. */
  private void sampleAndDump() {
    Profiler.findLanguageIn(this::loadedClasses);
    options.number("block-profile-rate").ifPresent(Profiler.ofThisJvm()::setBlockProfileRate);
    options
        .number("mutex-profile-fraction")
        .ifPresent(
            n ->
                Profiler.ofThisJvm()
                    .setMutexProfileFraction(Math.toIntExact(Math.min(n, Integer.MAX_VALUE))));
    Optional<String> signal = options.text("dump-signal");
    OptionalLong above = options.number("dump-above");
    boolean json = options.dumpsJson();
    boolean locks = options.is("dump-locks", false);
    Duration every = options.duration("dump-every").orElse(Duration.ofMinutes(10));
    if (signal.isEmpty() && above.isEmpty()) {
      return;
    }
    StackDump all = StackDump.of(Prover.ofThisJvm());
    DumpTriggers triggers =
        new DumpTriggers(
            Prover.ofThisJvm(),
            locks ? all.withLocks() : all,
            json ? StackDump.Format.JSON : StackDump.Format.TEXT,
            this::openDump);
    // A signal that cannot be had is no reason to do without the rest.
    signal.ifPresent(name -> attempt(() -> triggers.onSignal(name)));
    above.ifPresent(bound -> triggers.whenMoreThan(bound, every, LOOK_EVERY));
  }

  private OutputStream openDump(String why) throws IOException {
    Optional<Path> file = options.path("dump-file");
    if (file.isEmpty()) {
      ERR.println("selvage: stacks of all goroutines, " + why);
      return new FilterOutputStream(ERR) {
        @Override
        public void write(byte[] bytes, int from, int count) {
          ERR.write(bytes, from, count);
        }

        @Override
        public void close() {
          ERR.flush(); // and stays open
        }
      };
    }
    // Written beside it and put there at the end: a reader sees the old one or the new one.
    Path target = file.get().toAbsolutePath();
    Path temporary = Files.createTempFile(target.getParent(), ".selvage", null);
    return new FilterOutputStream(Files.newOutputStream(temporary)) {
      @Override
      public void write(byte[] bytes, int from, int count) throws IOException {
        out.write(bytes, from, count);
      }

      @Override
      public void close() throws IOException {
        super.close();
        put(temporary, target);
        ERR.println("selvage: stacks of all goroutines, " + why + ": " + target);
      }
    };
  }

  /**
   * Which scheduler runs, which proofs are possible, and what is wrong with this build of the JDK.
   */
  private static String mode() {
    Report.Capabilities capabilities = Prover.ofThisJvm().capabilities();
    StringBuilder mode = new StringBuilder("scheduler ").append(capabilities.scheduler());
    if (WholeJvm.isOn()) {
      mode.append(" for all virtual threads");
    }
    mode.append(", proof ")
        .append(
            capabilities.proof().isEmpty()
                ? "none"
                : Report.Capabilities.inWords(capabilities.proof()));
    for (Report.Missing missing : capabilities.missing()) {
      mode.append(", ").append(missing.open()).append(": ").append(missing.costs());
    }
    String note = JdkBuild.note(Runtime.version());
    return note == null ? mode.toString() : mode + " (" + note + ")";
  }

  private String serve(int port) throws IOException {
    DebugServer server = DebugServer.start(port, options.debug());
    Optional<Path> file = options.path("address");
    if (file.isPresent()) {
      try {
        write(file.get(), server.uri() + "\n");
      } catch (IOException | RuntimeException e) {
        server.close(); // nobody would know of it
        throw e;
      }
    }
    return ", live page "
        + server.uri()
        + "/debug/selvage/, profiles "
        + server.uri()
        + "/debug/pprof/";
  }

  /**
   * Samples until the look is due, looks, and samples on: for the look at the end, or for the
   * server.
   */
  private void follow(Optional<Duration> after, boolean suspects) {
    long start = System.nanoTime();
    boolean due = after.isPresent();
    try {
      while (true) {
        long left =
            due ? after.orElseThrow().toNanos() - (System.nanoTime() - start) : Long.MAX_VALUE;
        if (left <= 0) {
          due = false;
          attempt(this::look);
          continue;
        }
        if (suspects) {
          attempt(Prover.ofThisJvm()::sample);
        }
        Thread.sleep(Duration.ofNanos(Math.min(left, SAMPLE_EVERY.toNanos())));
      }
    } catch (InterruptedException e) {
      // Nobody has a reason to interrupt this thread; whoever does wants it to end.
      Thread.currentThread().interrupt();
    }
  }

  /** One at a time, so that what is written last is the newest. */
  private synchronized void look() throws IOException {
    renew();
    Report report = withNotes(Prover.ofThisJvm().find(options.mode()));
    Optional<Path> file = options.path("report");
    if (file.isPresent()) {
      write(file.get(), ReportJson.render(report));
    }
    if (options.is("text", false)) {
      ERR.print(ReportText.render(report, options.is("color", false)));
      ERR.flush();
    }
  }

  // ------------------------------------------------------------------ by attaching

  private void attached() throws IOException {
    Path file =
        options
            .path("report")
            .orElseThrow(() -> new IllegalArgumentException("agent option report is missing"));
    try {
      String command = options.text("command").orElse("leaks");
      if (command.equals("serve")) {
        serveTool();
        return;
      }
      if (command.equals("dump")) {
        mark();
        open();
        Profiler.findLanguageIn(this::loadedClasses); // whose schedulers are to stand still, too
        Path dump =
            options
                .path("dump-file")
                .orElseThrow(
                    () -> new IllegalArgumentException("agent option dump-file is missing"));
        write(file, HeldDump.write(dump, LEAVE_CARRIERS).toString());
        return;
      }
      if (!command.equals("leaks")) {
        throw new IllegalArgumentException(
            "agent option command: '" + command + "' is not known; leaks, serve and dump are");
      }
      Rules rules = options.rules();
      mark();
      open();
      Duration watch = options.duration("watch").orElse(Duration.ZERO);
      if (!watch.isZero()) {
        watch();
        sampleFor(watch);
      }
      Report report =
          options.is("recover", false)
              ? Prover.ofThisJvm().recover(options.mode(), PATIENCE, rules)
              : Prover.ofThisJvm().find(options.mode(), rules);
      write(file, ReportJson.render(withNotes(report)));
    } catch (Throwable t) {
      // The tool that attached reads it there; thrown, it would only see a number.
      write(file, ReportJson.error(reason(t)));
    }
  }

  /** Answers the tool that has attached for as long as it stays. */
  private void serveTool() throws IOException {
    Path socket =
        options
            .path("socket")
            .orElseThrow(() -> new IllegalArgumentException("agent option socket is missing"));
    mark();
    open();
    Profiler.findLanguageIn(this::loadedClasses);
    if (options.stopsFlight()) {
      flight().stop();
    }
    options.flight().ifPresent(plan -> flight().startNow(plan));
    DebugEndpoints answering =
        options.is("allow-locks", false)
            ? new DebugEndpoints(Prover.ofThisJvm(), options.debug())
            : endpoints();
    daemon("selvage-tool", ToolConnection.to(socket, answering));
  }

  private Copies copies() {
    return new Copies(
        this::loadedClasses, ManagementFactory.getClassLoadingMXBean()::getTotalLoadedClassCount);
  }

  /** Counts what goroutines use, in the copies of the language that there are and will be. */
  private void countUsage() {
    AutoCloseable first = Profiler.countUsage();
    Copies copies = copies();
    daemon(
        "selvage-usage-keeper",
        () -> {
          AutoCloseable counting = first;
          try {
            while (true) {
              if (copies.hasNew()) {
                AutoCloseable before = counting;
                counting = Profiler.countUsage();
                attempt(before::close); // only now, so that nothing is missed
              }
              Thread.sleep(LOOK_EVERY);
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // whoever wants it to end
          }
        });
  }

  /** The one flight recorder that the agent keeps on. */
  private Flight flight() {
    synchronized (AgentRuntime.class) {
      Flight kept = flight;
      if (kept == null) {
        kept = new Flight(copies(), line -> ERR.println("selvage: " + line), AgentRuntime::daemon);
        flight = kept;
      }
      return kept;
    }
  }

  /** The same for all tools: what costs a collection is made for all of them once. */
  private static synchronized DebugEndpoints endpoints() {
    DebugEndpoints made = endpoints;
    if (made == null) {
      made = new DebugEndpoints(Prover.ofThisJvm());
      endpoints = made;
    }
    return made;
  }

  private static void sampleFor(Duration watch) throws InterruptedException {
    long end = System.nanoTime() + watch.toNanos();
    long every = Math.max(50_000_000L, Math.min(SAMPLE_EVERY.toNanos(), watch.toNanos() / 5));
    Prover.ofThisJvm().sample();
    for (long left; (left = end - System.nanoTime()) > 0; ) {
      Thread.sleep(Duration.ofNanos(Math.min(left, every)));
      Prover.ofThisJvm().sample();
    }
  }

  // ------------------------------------------------------------------ for the language

  /** Whether a thread, or hook, is ours. */
  public static boolean isOwn(Thread thread) {
    return Probe.isVouchedFor(thread);
  }

  /** What the JVM would run when it ends, and on signals. */
  public static Map<String, List<?>> endings() {
    Prover.ofThisJvm(); // which knows how to list it
    return Probe.endings();
  }

  /** The program's own copy of the language has a scheduler. */
  public static void adopt(Executor scheduler) {
    WholeJvm.adopt(scheduler);
  }

  /** All goroutines are asleep, and that is in the program's log with every stack. */
  public static void asleep(String report) {
    ERR.println(
        "selvage: "
            + report.lines().findFirst().orElse("")
            + " "
            + asleep(threads(report))
            + "; the program's log dev.selvage has every stack");
    deadlock = asleep(threads(report));
  }

  private static long threads(String report) {
    return report.lines().filter(line -> line.endsWith("]:")).count();
  }

  private static String asleep(long threads) {
    return threads
        + (threads == 1 ? " thread waits" : " threads wait")
        + " and nothing is left to wake one";
  }

  private static Report withNotes(Report report) {
    String text = deadlock;
    if (text == null) {
      return report;
    }
    List<String> notes = new ArrayList<>(report.notes());
    notes.add("all goroutines were asleep: " + text);
    return new Report(
        report.capturedAt(),
        report.vm(),
        report.capabilities(),
        report.goroutines(),
        report.proof(),
        report.findings(),
        notes);
  }

  // ------------------------------------------------------------------ what both need

  private static void mark() {
    System.setProperty("dev.selvage.agent", version());
  }

  private static String version() {
    String version = AgentRuntime.class.getPackage().getImplementationVersion();
    return version == null ? "(unpackaged)" : version;
  }

  /** Opens the packages that the door of the prover reads. */
  private void open() {
    synchronized (AgentRuntime.class) {
      if (opened) {
        return;
      }
      Set<Module> us = Set.of(AgentRuntime.class.getModule());
      Map<String, Set<Module>> opens = new HashMap<>();
      for (String name :
          new String[] {
            "java.lang",
            "java.lang.ref",
            "java.util",
            "java.util.concurrent",
            "java.util.concurrent.locks",
            "jdk.internal.misc",
            "jdk.internal.vm"
          }) {
        opens.put(name, us);
      }
      instrumentation.redefineModule(
          Object.class.getModule(), Set.of(), opens, opens, Set.of(), Map.of());
      // Whether what closes the log at the end runs code of the program.
      ModuleLayer.boot()
          .findModule("java.logging")
          .ifPresent(
              logging -> {
                Map<String, Set<Module>> open = Map.of("java.util.logging", us);
                instrumentation.redefineModule(
                    logging, Set.of(), Map.of(), open, Set.of(), Map.of());
              });
      opened = true;
    }
  }

  private Class<?>[] loadedClasses() {
    return loadedClasses(instrumentation);
  }

  /** All that are loaded; none once the JVM ends, when it does not list them any more. */
  @SuppressWarnings("NullAway") // it is annotated as if it always answered
  static Class<?>[] loadedClasses(Instrumentation instrumentation) {
    Class<?>[] classes = instrumentation.getAllLoadedClasses();
    return classes == null ? new Class<?>[0] : classes;
  }

  private void watch() {
    synchronized (AgentRuntime.class) {
      if (watching) {
        return;
      }
      watching = true;
    }
    GrowthWatches.create(this::loadedClasses).forEach(Prover.ofThisJvm()::add);
    Holders.use(threads -> HolderSearch.find(threads, this::loadedClasses));
  }

  private static void daemon(String name, Runnable work) {
    Thread thread =
        Thread.ofPlatform()
            .daemon()
            .name(name)
            .inheritInheritableThreadLocals(false)
            .unstarted(work);
    Probe.vouchFor(thread);
    thread.start();
  }

  private interface Work {
    void run() throws Exception;
  }

  private static void attempt(Work work) {
    try {
      work.run();
    } catch (Throwable t) {
      ERR.println("selvage: " + reason(t));
    }
  }

  /** In one line, whatever was given. */
  private static String reason(Throwable t) {
    String message = t.getMessage();
    boolean told = t instanceof IllegalArgumentException || t instanceof UncheckedIOException;
    return LINE_BREAKS.matcher(told && message != null ? message : t.toString()).replaceAll(" ");
  }

  /**
   * Writes a file that only its owner may read, in one step: a reader sees the old one or the new
   * one.
   */
  private static void write(Path file, String text) throws IOException {
    try {
      Path directory = file.toAbsolutePath().getParent();
      Path temporary = Files.createTempFile(directory, ".selvage", null);
      try {
        Files.writeString(temporary, text);
      } catch (IOException | RuntimeException e) {
        Files.deleteIfExists(temporary);
        throw e;
      }
      put(temporary, file);
    } catch (FileSystemException e) {
      // It may name the file that was to become this one, of which nobody has heard.
      throw new UncheckedIOException("cannot write " + file + ": " + why(e), e);
    }
  }

  private static String why(FileSystemException e) {
    String reason = e.getReason();
    return switch (e) {
      case NoSuchFileException _ -> "there is no such directory";
      case AccessDeniedException _ -> "permission denied";
      default -> reason == null ? e.toString() : reason;
    };
  }

  private static void put(Path temporary, Path file) throws IOException {
    try {
      try {
        Files.move(
            temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } catch (AtomicMoveNotSupportedException e) {
        Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING);
      }
    } finally {
      Files.deleteIfExists(temporary);
    }
  }
}
