package dev.selvage.diagnostics.prover;

import dev.selvage.diagnostics.Excuses;
import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Finding.Details;
import dev.selvage.diagnostics.Frames;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.heap.Footprint;
import dev.selvage.diagnostics.heap.HeapGraph;
import dev.selvage.diagnostics.heap.HeapMemoryException;
import dev.selvage.diagnostics.heap.HeapThread;
import dev.selvage.diagnostics.heap.Liveness;
import dev.selvage.diagnostics.heap.Liveness.Wait;
import dev.selvage.diagnostics.heap.Paths;
import dev.selvage.diagnostics.jdk.Jdk.Activity;
import dev.selvage.observe.WaitReason;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Finds, in a heap dump of any HotSpot JVM from 22 on, the virtual threads that can never run
 * again. The JVM that was dumped need not have known of Selvage. For one thread; blocks while it
 * reads.
 */
public final class HeapDumpProver {
  /*
   * Go's rule: a blocked thread is leaked when nothing that can still run reaches what it waits on,
   * other than through the stacks of threads that are leaked themselves. See Liveness for the
   * argument, and ADR 0025 for what a dump cannot tell and what is done about that.
   */

  // One dump does not show whether they grow. Threads that wait for work are often many.
  private static final int MIN_SUSPECTS = 20;
  private static final int MIN_IDLE_SUSPECTS = 100;
  private static final int MAX_PATHS = 20;
  private static final int MAX_NAMES = 10;
  private static final int MAX_WAKERS = 3;

  /** More are not read by name, so that no rule about names applies to them. */
  private static final int MAX_JUDGED_BY_NAME = 100_000;

  private static final int MAX_TRIED = 1000;
  private static final int MAX_PATH_LINES = 24;
  private static final long MAX_RETAINED_WORK = 2_000_000_000L;

  /** Where the reports come from that this writes. */
  public enum Source {
    /** A file that somebody had made. */
    OFFLINE,
    /** A dump of a running JVM that was made for this. */
    EXACT;

    /** The word for it in reports, as the proof's mode. */
    public String text() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  private final Source source;
  private final long pid;
  private final Compiled compiled;
  private final HeapGraph.Progress progress;
  private final Excuses excuses;
  // The same stacks are one list.
  private final IdentityHashMap<List<StackTraceElement>, List<StackTraceElement>> shown =
      new IdentityHashMap<>();
  private final Map<HeapThread, WaitReason> reasons = new HashMap<>();
  private Map<HeapThread, List<HeapThread>> couldWake = Map.of();
  private long retainedWork;

  // Threads that can run in code that may be compiled, and where one of them is.
  private int opaqueThreads;
  private @Nullable String opaqueFrame;

  /** Who knows what the JVM had compiled when it was dumped. */
  @FunctionalInterface
  public interface Compiled {
    /** For a dump of which that is not known. */
    Compiled NOT_KNOWN = _ -> true;

    /** Whether the optimising compiler may have compiled that method. */
    boolean isPossible(StackTraceElement frame);
  }

  private HeapDumpProver(
      Source source, long pid, Compiled compiled, HeapGraph.Progress progress, Excuses excuses) {
    this.excuses = excuses;
    this.source = source;
    this.pid = pid;
    this.compiled = compiled;
    this.progress = progress;
  }

  /**
   * What is in that file.
   *
   * @param pid of the process, for the report; 0 where not known
   * @param compiled what the JVM had compiled
   * @param progress is told how far it has come
   * @throws dev.selvage.diagnostics.heap.HeapDumpException if it is no dump, or damaged
   * @throws HeapMemoryException if it does not fit into the memory of this JVM
   */
  public static Report look(
      Path file, Source source, long pid, Compiled compiled, HeapGraph.Progress progress)
      throws IOException {
    return look(file, source, pid, compiled, progress, Excuses.NONE);
  }

  /** The same with what is on purpose; what a goroutine says of itself is not read from a dump. */
  public static Report look(
      Path file,
      Source source,
      long pid,
      Compiled compiled,
      HeapGraph.Progress progress,
      Excuses excuses)
      throws IOException {
    var footprint = new Footprint();
    try {
      return new HeapDumpProver(source, pid, compiled, progress, excuses).look(file, footprint);
    } catch (OutOfMemoryError _) {
      // All that was read has gone with the frames that had it.
      throw new HeapMemoryException(footprint.heapBytes(), Runtime.getRuntime().maxMemory());
    }
  }

  /** Threads that share a cause. */
  private static final class Pile {
    final WaitReason reason;
    final List<StackTraceElement> stack;
    final @Nullable String except;
    final @Nullable String doubt;
    final Excuses.@Nullable Excuse excuse;
    final List<HeapThread> threads = new ArrayList<>();
    final Set<String> heldBy = new TreeSet<>();

    Pile(
        WaitReason reason,
        List<StackTraceElement> stack,
        @Nullable String except,
        @Nullable String doubt,
        Excuses.@Nullable Excuse excuse) {
      this.excuse = excuse;
      this.reason = reason;
      this.stack = stack;
      this.except = except;
      this.doubt = doubt;
    }
  }

  private record Key(Group.Key group, @Nullable String doubt) {}

  private Report look(Path file, Footprint footprint) throws IOException {
    long start = System.nanoTime();
    HeapGraph graph = HeapGraph.load(file, progress, footprint);
    Liveness liveness = Liveness.of(graph, this::waitOf);
    Map<HeapThread, String> doubts = doubts(graph, liveness);
    List<HeapThread> leaked = liveness.leaked();
    Map<HeapThread, Set<String>> holders = liveness.holders(leaked);
    List<Pile> stuck = bySize(proven(leaked, holders));
    List<Pile> doubted = new ArrayList<>();
    List<Pile> many = new ArrayList<>();
    suspected(graph, liveness, doubts, doubted, many);
    couldWake = liveness.reachers(stuck.stream().map(pile -> pile.threads).toList());
    HeapGraph.Texts texts = texts(graph, stuck, List.of(doubted, many), couldWake.values());
    List<Finding> findings = new ArrayList<>();
    findings.addAll(
        findings(graph, liveness, bySize(judged(stuck, texts.names())), leaked, texts.names()));
    findings.addAll(doubtedFindings(graph, liveness, doubted, texts.names()));
    findings.addAll(manyFindings(graph, liveness, many, texts.names()));
    findings.replaceAll(excuses::applied);
    findings.sort(Finding.WORST_FIRST);
    String java = texts.javaVersion();
    long unwritten = graph.threads().stream().filter(HeapThread::isUnwritten).count();
    return new Report(
        Instant.now(),
        new Report.Vm(pid, java == null ? "unknown" : java, "unknown"),
        new Report.Capabilities("unknown", List.of(source.text()), List.of()),
        census(graph, liveness, new HashSet<>(leaked), doubts.keySet())
            .withExcused(Excuses.threads(findings)),
        new Report.Proof(
            source.text(),
            0,
            0,
            (System.nanoTime() - start) / 1e6,
            unwritten == 0,
            false,
            0,
            unwritten == 0
                ? null
                : "the dump has no stack of "
                    + unwritten
                    + (unwritten == 1 ? " virtual thread that is" : " virtual threads that are")
                    + " parked, so of those nothing is known: HotSpot writes them from 22 on"),
        findings,
        notes(java));
  }

  private List<String> notes(@Nullable String java) {
    List<String> notes = new ArrayList<>();
    if (opaqueThreads > 0) {
      notes.add(
          "a heap dump does not show what the optimising compiler has taken apart: "
              + opaqueThreads
              + (opaqueThreads == 1 ? " thread that can run is" : " threads that can run are")
              + " in code that may be compiled, as "
              + opaqueFrame);
    }
    try {
      Runtime.Version version = java == null ? null : Runtime.Version.parse(java);
      String note = version == null || version.feature() < 25 ? null : JdkBuild.note(version);
      if (note != null) {
        notes.add(note);
      }
    } catch (IllegalArgumentException _) {
      // A version in no form we know is as good as none.
    }
    return notes;
  }

  // ------------------------------------------------------------------ what threads wait for

  /** The stack as the JVM shows it to the program: without hidden frames. */
  private List<StackTraceElement> stack(HeapThread thread) {
    return shown.computeIfAbsent(
        thread.frames(),
        frames -> {
          List<StackTraceElement> visible = new ArrayList<>();
          for (StackTraceElement frame : frames) {
            if (!isHidden(frame)) {
              visible.add(frame);
            }
          }
          return List.copyOf(visible);
        });
  }

  private static boolean isHidden(StackTraceElement frame) {
    String type = frame.getClassName();
    return type.contains("+0x")
        || type.contains("/0x")
        || type.startsWith("java.lang.invoke.")
        || (type.startsWith("jdk.internal.") && type.endsWith(".Continuation"))
        || type.startsWith("java.lang.VirtualThread$VThreadContinuation")
        || frame.getMethodName().equals("yieldContinuation");
  }

  private WaitReason reason(HeapThread thread) {
    return reasons.computeIfAbsent(
        thread,
        t -> Waits.classify(activity(t.state()), stack(t).toArray(new StackTraceElement[0])));
  }

  private static Activity activity(HeapThread.State state) {
    return switch (state) {
      case NOT_ALIVE -> Activity.NOT_ALIVE;
      case RUNNABLE -> Activity.RUNNABLE;
      case PARKED -> Activity.PARKED;
      case PINNED -> Activity.PINNED;
      case TIMED -> Activity.TIMED;
      case MONITOR_ENTER -> Activity.MONITOR_ENTER;
      case OBJECT_WAIT -> Activity.OBJECT_WAIT;
    };
  }

  private Wait waitOf(HeapThread thread) {
    return switch (thread.state()) {
      case NOT_ALIVE -> new Wait.NotAlive();
      // Who owns a monitor is not in the dump, so who can give it back is not known.
      case RUNNABLE, PINNED, TIMED, MONITOR_ENTER -> new Wait.Live();
      case OBJECT_WAIT ->
          reason(thread) == WaitReason.OBJECT_WAIT ? new Wait.Monitor() : new Wait.Live();
      case PARKED ->
          switch (reason(thread)) {
            // The world outside, or the collector, may wake it.
            case IO, REFERENCE_QUEUE -> new Wait.Live();
            default -> isParkedByKnownCode(thread) ? new Wait.Blocker() : new Wait.Unknown();
          };
    };
  }

  /**
   * Whether the code that parked it names what it waits on as the blocker, and goes on waiting when
   * it is woken for another reason.
   */
  private static boolean isParkedByKnownCode(HeapThread thread) {
    for (StackTraceElement frame : thread.frames()) {
      String type = frame.getClassName();
      if (type.equals("java.util.concurrent.locks.LockSupport")
          || type.startsWith("java.lang.")
          || type.startsWith("jdk.internal.")) {
        continue;
      }
      return type.startsWith("java.util.concurrent.") || type.equals("dev.selvage.internal.Waiter");
    }
    return false;
  }

  // ------------------------------------------------------------------ doubts

  // These stand where the frame of another thread would; another dump may have what this lacks.

  /** No stack at all. */
  static final String UNSEEN = "a virtual thread on its way on or off its carrier";

  /** The frames that a thread was not given back yet when it was put on its carrier again. */
  static final String CUT = "a virtual thread that runs, without those that have called it";

  /** What a method just returns. */
  static final String RUNNING = "a thread that runs";

  /** Local variables whose value is not in the dump. */
  static final String LOST = "a variable whose value is missing";

  private static final Set<String> OF_THE_MOMENT = Set.of(UNSEEN, CUT, RUNNING, LOST);

  /**
   * Whether the report would prove something if the dump had all that a thread had in its hands at
   * that moment: then another dump, a moment later, may prove it.
   */
  public static boolean isWorthAnother(Report report) {
    return report.findings().stream().anyMatch(f -> gap(f) != null);
  }

  /** What the dump lacked so that this was not proven; null if it lacked nothing for that. */
  public static @Nullable String gap(Finding finding) {
    Object doubt = finding.details().evidence().get("doubt");
    return doubt instanceof String text && OF_THE_MOMENT.contains(text) ? text : null;
  }

  /**
   * What the dump lacks of what threads had in their hands that can run; null if nothing. Anything
   * may be in there, so then nobody is proven.
   */
  private static @Nullable String gap(HeapGraph graph) {
    Set<HeapThread.Gap> gaps = EnumSet.noneOf(HeapThread.Gap.class);
    for (HeapThread thread : graph.threads()) {
      gaps.add(thread.gap());
    }
    if (gaps.contains(HeapThread.Gap.STACK)) {
      return UNSEEN;
    } else if (gaps.contains(HeapThread.Gap.CALLERS)) {
      return CUT;
    } else if (graph.lostLocals() > 0) {
      return LOST;
    }
    return gaps.contains(HeapThread.Gap.RESULT) ? RUNNING : null;
  }

  /**
   * Takes for live again whom a thread that can run might know of though the dump does not say so.
   * The JVM writes the local variables of compiled frames, but not what is in objects that its
   * compiler has taken apart. So a thread is not proven while one that can run is in the same code:
   * in the package of its site, or of the frame below if that has what it waits on in its hands.
   * Frames that the interpreter runs are written as they are, and leave no doubt. Where the dump
   * lacks what a thread had in its hands just then, nobody is proven.
   *
   * @return them, with where the other thread is
   */
  private Map<HeapThread, String> doubts(HeapGraph graph, Liveness liveness) {
    Map<HeapThread, String> doubts = new LinkedHashMap<>();
    Map<String, String> running = running(graph, liveness);
    String gap = gap(graph);
    for (HeapThread thread : liveness.leaked()) {
      String where = gap;
      if (where == null && !liveness.isLive(thread)) {
        where = doubt(liveness, thread, running);
      }
      if (where != null) {
        doubts.put(thread, where);
        liveness.takeForLive(thread);
      }
    }
    return doubts;
  }

  /** Where threads are that can run and may be compiled: a frame for each package. */
  private Map<String, String> running(HeapGraph graph, Liveness liveness) {
    Map<String, String> running = new HashMap<>();
    for (HeapThread thread : graph.threads()) {
      if (!liveness.isLive(thread)) {
        continue;
      }
      List<StackTraceElement> frames = thread.frames();
      // A compiled method may have those inside that it calls.
      boolean mayBeCompiled = false;
      String opaque = null;
      for (int i = frames.size() - 1; i >= 0; i--) {
        StackTraceElement frame = frames.get(i);
        mayBeCompiled |= compiled.isPossible(frame) && !isInterpretedMain(graph, thread, i);
        if (mayBeCompiled && Frames.isUser(frame) && !isHidden(frame)) {
          opaque = Frames.text(frame);
          running.put(packageOf(frame), opaque);
        }
      }
      if (opaque != null) {
        opaqueThreads++;
        opaqueFrame = opaque;
      }
    }
    return running;
  }

  /**
   * Whether it is the program's main method as the interpreter runs it. An interpreted frame shows
   * all its variables, a compiled one only those that it still uses; hardly any program uses the
   * arguments of main to its end.
   */
  private static boolean isInterpretedMain(HeapGraph graph, HeapThread thread, int frame) {
    return !thread.isVirtual()
        && thread.frames().get(frame).getMethodName().equals("main")
        && graph.hasLocal(thread, frame, "[Ljava/lang/String;");
  }

  private static @Nullable String doubt(
      Liveness liveness, HeapThread thread, Map<String, String> running) {
    List<StackTraceElement> frames = thread.frames();
    int entry = frames.size() - 1;
    while (entry > 0 && !Frames.isUser(frames.get(entry))) {
      entry--;
    }
    int asked = 0;
    for (int i = 0; i <= entry && asked < 2; i++) {
      if (!Frames.isUser(frames.get(i))) {
        continue;
      }
      asked++;
      // The bottom-most frame may be that of a wrapper around every task of the program.
      boolean counts = asked == 1 || (i < entry && liveness.leadsToWait(thread, i));
      String where = running.get(packageOf(frames.get(i)));
      if (where != null && counts) {
        return where;
      }
    }
    return null;
  }

  private static String packageOf(StackTraceElement frame) {
    String name = frame.getClassName();
    return name.substring(0, Math.max(0, name.lastIndexOf('.')));
  }

  // ------------------------------------------------------------------ findings

  private Collection<Pile> proven(List<HeapThread> leaked, Map<HeapThread, Set<String>> holders) {
    Map<Key, Pile> piles = new LinkedHashMap<>();
    for (HeapThread thread : leaked) {
      Set<String> heldBy = holders.get(thread);
      String except = heldBy == null ? null : "interrupt";
      Pile pile = pile(piles, thread, except, null);
      pile.threads.add(thread);
      if (heldBy != null) {
        pile.heldBy.addAll(heldBy);
      }
    }
    return piles.values();
  }

  private List<Finding> findings(
      HeapGraph graph,
      Liveness liveness,
      List<Pile> piles,
      List<HeapThread> leaked,
      Map<HeapThread, String> names) {
    List<Finding> findings = new ArrayList<>();
    for (Pile pile : piles) {
      OptionalLong retained =
          mayCompute(graph.size())
              ? OptionalLong.of(liveness.retained(new HashSet<>(pile.threads), leaked))
              : OptionalLong.empty();
      Map<String, Object> evidence = new LinkedHashMap<>();
      if (!pile.heldBy.isEmpty()) {
        evidence.put("heldBy", List.copyOf(pile.heldBy));
      }
      List<String> others = couldWake(pile, names);
      if (!others.isEmpty()) {
        evidence.put("couldWake", others);
      }
      String kind = pile.reason.text();
      Finding finding =
          new Finding.Proven(
              details(pile, kind, names, retained, evidence, Advice.because(pile.reason)));
      findings.add(pile.excuse == null ? finding : Excuses.excused(finding, pile.excuse));
    }
    return findings;
  }

  /** Who would wake one of those threads if it were not stuck itself; none where not known. */
  private List<String> couldWake(Pile pile, Map<HeapThread, String> names) {
    for (HeapThread thread :
        pile.threads.subList(0, Math.min(Liveness.MAX_ASKED, pile.threads.size()))) {
      List<HeapThread> others = couldWake.get(thread);
      if (others != null) {
        return others.stream()
            .limit(MAX_WAKERS)
            .map(
                other -> {
                  String name = names.get(other);
                  return (name == null ? "a virtual thread" : '"' + name + '"')
                      + ", which leaks itself"
                      + Wakers.at(stack(other));
                })
            .toList();
      }
    }
    return List.of();
  }

  /** Whether what one more pile retains may be computed: so much work. */
  private boolean mayCompute(long work) {
    retainedWork += work;
    return retainedWork <= MAX_RETAINED_WORK;
  }

  /** What a suspected pile retains, if its threads ended. */
  private OptionalLong retained(HeapGraph graph, Liveness liveness, Pile pile) {
    // All that is alive has to be walked for each.
    return mayCompute(graph.size() + 2L * graph.references())
        ? OptionalLong.of(liveness.retainedByLive(new HashSet<>(pile.threads)))
        : OptionalLong.empty();
  }

  private Pile pile(
      Map<Key, Pile> piles, HeapThread thread, @Nullable String except, @Nullable String doubt) {
    WaitReason reason = reason(thread);
    List<StackTraceElement> stack = stack(thread);
    return piles.computeIfAbsent(
        new Key(Group.key(reason, stack, except), doubt),
        _ -> new Pile(reason, stack, except, doubt, null));
  }

  /** The piles, with those threads apart that are excused by their names. */
  private List<Pile> judged(List<Pile> piles, Map<HeapThread, String> names) {
    List<Pile> judged = new ArrayList<>();
    for (Pile pile : piles) {
      Map<Optional<Excuses.Excuse>, Pile> parts = new LinkedHashMap<>();
      for (HeapThread thread : pile.threads) {
        Excuses.Excuse excuse = excuses.ofThread(null, names.getOrDefault(thread, ""));
        Pile part =
            parts.computeIfAbsent(
                Optional.ofNullable(excuse),
                _ -> new Pile(pile.reason, pile.stack, pile.except, pile.doubt, excuse));
        part.threads.add(thread);
        part.heldBy.addAll(pile.heldBy);
      }
      judged.addAll(parts.values());
    }
    return judged;
  }

  private static List<Pile> bySize(Collection<Pile> piles) {
    return piles.stream().sorted(Comparator.comparingInt(p -> -p.threads.size())).toList();
  }

  /** The names of all that are proven, up to very many; of the others some of each pile. */
  private static HeapGraph.Texts texts(
      HeapGraph graph,
      List<Pile> stuck,
      List<List<Pile>> others,
      Collection<List<HeapThread>> wakers)
      throws IOException {
    List<HeapThread> named = new ArrayList<>();
    wakers.forEach(named::addAll);
    for (Pile pile : stuck) {
      int room = Math.max(MAX_NAMES, MAX_JUDGED_BY_NAME - named.size());
      named.addAll(pile.threads.subList(0, Math.min(room, pile.threads.size())));
    }
    for (List<Pile> some : others) {
      for (Pile pile : some) {
        named.addAll(pile.threads.subList(0, Math.min(MAX_NAMES, pile.threads.size())));
      }
    }
    return graph.texts(named);
  }

  private static Details details(
      Pile pile,
      String kind,
      Map<HeapThread, String> names,
      OptionalLong retained,
      Map<String, Object> evidence,
      String because) {
    String site = Frames.site(pile.stack);
    Set<String> of = new LinkedHashSet<>();
    for (HeapThread thread : pile.threads) {
      String name = names.get(thread);
      if (name != null && of.size() < MAX_NAMES) {
        of.add(name);
      }
    }
    boolean suspected = evidence.containsKey("path") || evidence.containsKey("doubt");
    return new Details(
        Finding.State.OPEN,
        kind,
        pile.threads.size(),
        site,
        Frames.entry(pile.stack),
        OptionalLong.empty(),
        retained,
        List.copyOf(of),
        pile.stack,
        Frames.fingerprint((suspected ? "suspected " : "") + kind, site, pile.stack),
        pile.except,
        evidence,
        because,
        Advice.suggestion(pile.reason));
  }

  /** Who is blocked and in doubt, and who is blocked in great number though it can be woken. */
  private void suspected(
      HeapGraph graph,
      Liveness liveness,
      Map<HeapThread, String> doubts,
      List<Pile> doubted,
      List<Pile> many) {
    Map<Key, Pile> inDoubt = new LinkedHashMap<>();
    Map<Key, Pile> reached = new LinkedHashMap<>();
    for (HeapThread thread : graph.threads()) {
      if (!thread.isVirtual() || waitOf(thread) instanceof Wait.Live || !liveness.isLive(thread)) {
        continue;
      }
      String doubt = doubts.get(thread);
      if (doubt != null) {
        pile(inDoubt, thread, null, doubt).threads.add(thread);
      } else if (Frames.site(stack(thread)) != null) {
        pile(reached, thread, null, null).threads.add(thread);
      }
    }
    doubted.addAll(bySize(inDoubt.values()));
    bySize(reached.values()).stream()
        .filter(pile -> pile.threads.size() >= atLeast(pile.reason))
        .limit(MAX_PATHS)
        .forEach(many::add);
  }

  private List<Finding> doubtedFindings(
      HeapGraph graph, Liveness liveness, List<Pile> piles, Map<HeapThread, String> names) {
    List<Finding> findings = new ArrayList<>();
    for (Pile pile : piles) {
      String doubt = java.util.Objects.requireNonNull(pile.doubt);
      findings.add(
          new Finding.Suspected(
              details(
                  pile,
                  pile.reason.text(),
                  names,
                  retained(graph, liveness, pile),
                  Map.of("doubt", doubt),
                  Advice.because(pile.reason) + ", as far as the dump tells; but " + why(doubt))));
    }
    return findings;
  }

  private static String why(String doubt) {
    return switch (doubt) {
      case UNSEEN, CUT -> "it lacks the stack of " + doubt + ": take another dump";
      case RUNNING ->
          "it lacks what a method just returned in "
              + doubt
              + ": take another dump, while none runs";
      case LOST -> "it lacks " + doubt + ": take another dump";
      default -> "a thread that can run is in the same package (" + doubt + ")";
    };
  }

  private List<Finding> manyFindings(
      HeapGraph graph, Liveness liveness, List<Pile> many, Map<HeapThread, String> names)
      throws IOException {
    List<Finding> findings = new ArrayList<>();
    List<List<String>> paths =
        Paths.describe(graph, many.stream().map(p -> shortest(liveness, p.threads)).toList());
    for (int i = 0; i < many.size(); i++) {
      Pile pile = many.get(i);
      if (paths.get(i).isEmpty()) {
        continue; // it goes on with what is in doubt, which is said there
      }
      findings.add(
          new Finding.Suspected(
              details(
                  pile,
                  pile.reason.text(),
                  names,
                  retained(graph, liveness, pile),
                  Map.of("path", shortened(paths.get(i))),
                  pile.threads.size()
                      + " threads block here, and something alive still reaches what they wait"
                      + " on")));
    }
    return findings;
  }

  private static List<Liveness.Step> shortest(Liveness liveness, List<HeapThread> threads) {
    List<Liveness.Step> shortest = List.of();
    for (HeapThread thread : threads.subList(0, Math.min(MAX_TRIED, threads.size()))) {
      List<Liveness.Step> path = liveness.path(thread);
      if (!path.isEmpty() && (shortest.isEmpty() || path.size() < shortest.size())) {
        shortest = path;
      }
    }
    return shortest;
  }

  /** A path with its middle left out if it is long. */
  private static List<String> shortened(List<String> path) {
    if (path.size() <= MAX_PATH_LINES) {
      return path;
    }
    int half = MAX_PATH_LINES / 2;
    List<String> lines = new ArrayList<>(path.subList(0, half));
    lines.add("… (" + (path.size() - 2 * half) + " more)");
    lines.addAll(path.subList(path.size() - half, path.size()));
    return lines;
  }

  private static int atLeast(WaitReason reason) {
    return reason == WaitReason.QUEUE_TAKE || reason == WaitReason.CONDITION
        ? MIN_IDLE_SUSPECTS
        : MIN_SUSPECTS;
  }

  // ------------------------------------------------------------------ census

  private Report.Goroutines census(
      HeapGraph graph, Liveness liveness, Set<HeapThread> leaked, Set<HeapThread> doubted) {
    int total = 0;
    int blocked = 0;
    int timed = 0;
    int io = 0;
    int canBeWoken = 0;
    Map<String, Integer> unprovable = new TreeMap<>();
    for (HeapThread thread : graph.threads()) {
      if (!thread.isVirtual() || thread.state() == HeapThread.State.NOT_ALIVE || isPoller(thread)) {
        continue;
      }
      total++;
      switch (thread.state()) {
        case NOT_ALIVE -> {}
        case RUNNABLE -> {
          if (thread.isUnwritten()) {
            blocked++;
            unprovable.merge("no stack in the dump", 1, Integer::sum);
          }
        }
        case TIMED -> {
          blocked++;
          timed++;
          canBeWoken++;
        }
        case MONITOR_ENTER -> {
          blocked++;
          unprovable.merge(WaitReason.MONITOR_ENTER.text(), 1, Integer::sum);
        }
        case PINNED -> {
          blocked++;
          unprovable.merge("pinned", 1, Integer::sum);
        }
        case PARKED, OBJECT_WAIT -> {
          blocked++;
          if (reason(thread) == WaitReason.IO) {
            io++;
            unprovable.merge(WaitReason.IO.text(), 1, Integer::sum);
          } else if (doubted.contains(thread)) {
            unprovable.merge("in doubt", 1, Integer::sum);
          } else if (waitOf(thread) instanceof Wait.Monitor && liveness.isUnknown(thread)) {
            unprovable.merge(WaitReason.OBJECT_WAIT.text(), 1, Integer::sum);
          } else if (!leaked.contains(thread)) {
            canBeWoken++;
          }
        }
      }
    }
    return new Report.Goroutines(total, blocked, unprovable, 0, canBeWoken, timed, io);
  }

  /** Whether it is a thread of the JDK's own machinery: the program has not started it. */
  private boolean isPoller(HeapThread thread) {
    List<StackTraceElement> stack = stack(thread);
    for (StackTraceElement frame : stack) {
      if (Frames.isUser(frame)) {
        return false;
      }
      if (frame.getClassName().startsWith("sun.nio.ch.Poller")
          && frame.getMethodName().contains("ollerLoop")) {
        return true;
      }
    }
    return false;
  }
}
