package dev.selvage.verification.graphs;

import dev.selvage.Go;
import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.GoroutineInfo;
import dev.selvage.diagnostics.Leaks.Mode;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.prover.Prover;
import dev.selvage.verification.graphs.Graph.Start;
import dev.selvage.verification.graphs.Model.State;
import dev.selvage.verification.graphs.Model.TooLarge;
import dev.selvage.verification.graphs.Model.Way;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Some graphs that run at the same time in this JVM, and what the prover says of them. For each
 * there are four looks: when nobody can go on without being told; when those who idle have been
 * told, and nobody can go on; when static fields hold nothing any more; and when the executors have
 * interrupted their threads.
 */
final class Batch {
  /*
   * Nothing here refers to a thing or a thread of a graph, but for executors, which are in use: what
   * is known of a member is its numbers on the board.
   *
   * What is reported and should not be is wrong at once. What is not reported and should be is asked
   * for again until the time is over: the machine may be slow, and a thread that has not come to
   * its wait yet is none that is stuck.
   */

  /** A mistake that the comparison must find: on purpose, to see that it does. */
  enum Flaw {
    NONE,
    /** Something unknown to the model holds all things. */
    HOLDER,
    /** The model believes that static fields hold all things. */
    BELIEF
  }

  /** One graph. */
  private static final class Subject {
    final Model model;
    final int first; // of its members, on the board
    Set<State> states;
    @Nullable ExecutorService executor;
    final Set<Integer> proven = new HashSet<>();
    @Nullable String wrong;

    Subject(Graph graph, int first) {
      this.model = new Model(graph);
      this.first = first;
      this.states = Set.of(model.initial());
    }

    int members() {
      return model.graph.members().size();
    }
  }

  private static final Prover PROVER = Prover.ofThisJvm();

  /** Those of former batches: so that no collection takes away who is stuck in one. */
  private static final List<ExecutorService> EXECUTORS = new ArrayList<>();

  /** How many threads of former batches only {@code shutdownNow()} could wake, as was reported. */
  private static int exceptedBefore;

  /** Whether there are threads of a graph that went wrong, of which nothing is known any more. */
  private static boolean unknown;

  /** Holds what no model knows of: see {@link Flaw#HOLDER}. */
  private static final List<Real> HELD = new ArrayList<>();

  private final List<Subject> subjects = new ArrayList<>();
  private final Board board;
  private final Flaw flaw;
  private final Duration patience;
  private final Tally tally;

  /** Identifiers of threads that only {@code shutdownNow()} can still wake, if anything. */
  private final Set<Long> excepted = new HashSet<>();

  /** Those of which that is certain: how things stand cannot always be told from outside. */
  private final Set<Long> surely = new HashSet<>();

  private boolean shutDown;
  private int exceptedNow; // as is reported, former batches as well

  private Batch(List<Graph> graphs, Flaw flaw, Duration patience, Tally tally) {
    int members = 0;
    for (Graph graph : graphs) {
      subjects.add(new Subject(graph, members));
      members += graph.members().size();
    }
    this.board = new Board(members);
    this.flaw = flaw;
    this.patience = patience;
    this.tally = tally;
  }

  /**
   * Runs them. Each is small enough for its model.
   *
   * @param patience how long what is stuck may take to be reported
   * @return what is wrong, by graph
   */
  static Map<Graph, String> run(List<Graph> graphs, Flaw flaw, Duration patience, Tally tally)
      throws Exception {
    return new Batch(graphs, flaw, patience, tally).run();
  }

  private Map<Graph, String> run() throws Exception {
    // A platform thread that has ended holds nothing.
    Thread starter = Thread.ofPlatform().start(this::start);
    starter.join();
    tally.graphs += subjects.size();
    tally.members += board.at.length();
    phase("at rest", false, subject -> subject.states);
    board.told.countDown();
    phase("when all were told", true, subject -> subject.states);
    Body.STATICS.clear();
    subjects.forEach(subject -> board.statics.set(subject.first, 0));
    phase("without statics", true, this::withoutStatics);
    for (Subject subject : subjects) {
      if (subject.executor != null) {
        EXECUTORS.add(subject.executor);
        subject.executor.shutdownNow();
      }
    }
    shutDown = true;
    phase("when executors were shut down", true, this::withExecutorsInterrupted);
    Body.STATICS.clear();
    HELD.clear();
    exceptedBefore = exceptedNow;
    var wrong = new LinkedHashMap<Graph, String>();
    for (Subject subject : subjects) {
      if (subject.wrong != null) {
        wrong.put(subject.model.graph, subject.wrong);
      }
    }
    return wrong;
  }

  private Set<State> withoutStatics(Subject subject) {
    return subject.states.stream().map(subject.model::withoutStatics).collect(Collectors.toSet());
  }

  private Set<State> withExecutorsInterrupted(Subject subject) {
    return subject.states.stream()
        .map(subject.model::withExecutorsInterrupted)
        .collect(Collectors.toSet());
  }

  // --------------- Starting ---------------

  private void start() {
    var start = new CountDownLatch(1);
    for (Subject subject : subjects) {
      start(subject, start);
    }
    start.countDown();
  }

  private void start(Subject subject, CountDownLatch start) {
    Graph graph = subject.model.graph;
    board.statics.set(subject.first, graph.statics());
    var reals = new Real[graph.size()];
    for (int i = 0; i < reals.length; i++) {
      reals[i] = i < graph.things().size() ? Real.of(i, graph.things().get(i)) : Real.thread(i);
      if (((graph.statics() >>> i) & 1) != 0) {
        Body.STATICS.add(reals[i]);
      }
      if (flaw == Flaw.HOLDER) {
        HELD.add(reals[i]);
      }
    }
    var bodies = new Body[graph.members().size()];
    for (int m = 0; m < bodies.length; m++) {
      @Nullable Real[] has = new @Nullable Real[reals.length];
      long holds = graph.members().get(m).holds();
      for (int i = 0; i < has.length; i++) {
        if (((holds >>> i) & 1) != 0) {
          has[i] = reals[i];
        }
      }
      int index = subject.first + m;
      board.holds.set(index, holds);
      board.at.set(index, -1);
      bodies[m] = new Body(board, index, graph, m, has, start);
    }
    for (int m = 0; m < bodies.length; m++) {
      start(subject, m, bodies[m], reals[graph.handle(m)]);
    }
  }

  private static void start(Subject subject, int m, Body body, Real handle) {
    switch (subject.model.graph.members().get(m).start()) {
      case GO -> Go.go(body::run);
      case VIRTUAL -> {
        Thread thread = Thread.ofVirtual().unstarted(body);
        handle.it = thread; // all wait for the start of all
        thread.start();
      }
      case EXECUTOR -> {
        if (subject.executor == null) {
          subject.executor = Executors.newVirtualThreadPerTaskExecutor();
        }
        subject.executor.execute(body);
      }
      case PLATFORM -> Thread.ofPlatform().daemon().start(body);
    }
  }

  // --------------- Comparing ---------------

  private interface Change {
    Set<State> of(Subject subject);
  }

  private void phase(String when, boolean told, Change change) throws Exception {
    var possible = new LinkedHashMap<Subject, Set<State>>();
    for (Subject subject : subjects) {
      if (subject.wrong == null) {
        possible.put(subject, subject.model.settle(change.of(subject), told));
      }
    }
    long end = System.nanoTime() + patience.toNanos();
    while (true) {
      awaitRest(possible, when, end);
      Report report = PROVER.find(Mode.NOW);
      tally.looks++;
      Set<Long> leaked =
          PROVER.leaked().stream().map(GoroutineInfo::id).collect(Collectors.toSet());
      var missing = new LinkedHashMap<Subject, String>();
      for (Subject subject : possible.keySet()) {
        if (subject.wrong == null) {
          compare(subject, possible.get(subject), when, told, leaked, missing);
        }
      }
      check(report, leaked, when);
      boolean over = System.nanoTime() - end > 0;
      if (missing.isEmpty() || over) {
        missing.forEach((subject, wrong) -> subject.wrong = wrong);
        break;
      }
      Thread.sleep(20);
    }
    for (Subject subject : possible.keySet()) {
      if (subject.wrong == null) {
        count(subject, told);
      }
    }
  }

  /** Waits until each graph is in a state in which nobody can go on. */
  private void awaitRest(Map<Subject, Set<State>> possible, String when, long end)
      throws InterruptedException {
    while (true) {
      boolean rest = true;
      for (var entry : possible.entrySet()) {
        Subject subject = entry.getKey();
        if (subject.wrong == null && observed(subject, entry.getValue()).isEmpty()) {
          rest = false;
          if (System.nanoTime() - end > 0) {
            subject.wrong = when + ": in no state that is possible: " + told(subject);
          }
        }
      }
      if (rest) {
        return;
      }
      Thread.sleep(5);
    }
  }

  private String told(Subject subject) {
    var text = new StringBuilder();
    for (int m = 0; m < subject.members(); m++) {
      int index = subject.first + m;
      text.append("g%d at %d has %x; ".formatted(m, board.at.get(index), board.holds.get(index)));
    }
    var ids = new HashSet<Long>();
    for (int m = 0; m < subject.members(); m++) {
      ids.add(board.ids.get(subject.first + m));
    }
    for (GoroutineInfo each : PROVER.goroutines()) {
      if (ids.contains(each.id())) {
        text.append("\n    ").append(each.id()).append(' ').append(each.waitReason());
        text.append(' ').append(each.stack());
      }
    }
    return text.toString();
  }

  /** The states that look, from outside, as the graph does now. */
  private Set<State> observed(Subject subject, Collection<State> possible) {
    return possible.stream().filter(state -> looksLike(subject, state)).collect(Collectors.toSet());
  }

  private boolean looksLike(Subject subject, State state) {
    if (board.statics.get(subject.first) != subject.model.statics(state)) {
      return false;
    }
    for (int m = 0; m < subject.members(); m++) {
      int index = subject.first + m;
      if (board.at.get(index) != subject.model.at(state, m)
          || board.holds.get(index) != subject.model.holds(state, m)) {
        return false;
      }
    }
    return true;
  }

  private void compare(
      Subject subject,
      Set<State> possible,
      String when,
      boolean told,
      Set<Long> leaked,
      Map<Subject, String> missing)
      throws TooLarge {
    Model model = subject.model;
    Set<State> before = subject.states;
    Set<State> now = observed(subject, possible);
    if (now.isEmpty()) {
      missing.put(subject, when + ": has moved during the look: " + told(subject));
      return;
    }
    subject.states = now;
    checkThatNobodyRan(subject, before, when);
    Set<State> later = told ? now : model.settle(now, true);
    for (int m = 0; m < subject.members(); m++) {
      long id = board.ids.get(subject.first + m);
      boolean proven = leaked.contains(id);
      boolean runs = false;
      for (State state : later) {
        runs |= model.at(state, m) != board.at.get(subject.first + m);
      }
      boolean ended = false;
      boolean reached = false;
      boolean unreached = false;
      @Nullable Way way = null;
      for (State state : now) {
        if (model.hasEnded(state, m)) {
          ended = true;
        } else if (model.graph.members().get(m).start() != Start.PLATFORM) {
          @Nullable Way of = reached(model, state, told, m);
          way = of == null ? way : of;
          reached |= of != null;
          unreached |= of == null;
        }
      }
      if (runs && unreached && now.size() == 1) {
        throw new AssertionError("g" + m + " runs though nothing reaches it\n" + model.graph);
      }
      if (proven && (ended || runs)) {
        wrong(subject, when + ": g" + m + " is reported, but it has ended or can still run");
      } else if (proven && !unreached) {
        wrong(subject, when + ": g" + m + " is reported, but can be reached: " + way);
      } else if (!proven && unreached && !reached) {
        missing.put(subject, when + ": g" + m + " is not reported, but nothing reaches it");
      } else if (proven && subject.proven.add(m)) {
        noteExcepted(model, now, told, m, id);
      }
    }
  }

  /** Who was reported before has not run, unless an executor has woken it. */
  private void checkThatNobodyRan(Subject subject, Set<State> before, String when) {
    Model model = subject.model;
    for (int m : List.copyOf(subject.proven)) {
      int at = board.at.get(subject.first + m);
      if (before.stream().anyMatch(was -> model.at(was, m) != at)) {
        subject.proven.remove(m); // perhaps it is stuck again
        surely.remove(board.ids.get(subject.first + m));
        if (!excepted.remove(board.ids.get(subject.first + m))) {
          wrong(subject, when + ": g" + m + " has run, though it had been reported");
        }
      }
    }
  }

  private static void wrong(Subject subject, String what) {
    if (subject.wrong == null) {
      subject.wrong = what;
    }
  }

  private @Nullable Way reached(Model model, State state, boolean told, int m) {
    Way way = model.reached(state, told, false)[m];
    return way == null && flaw == Flaw.BELIEF ? new Way("belief", "belief") : way;
  }

  private void noteExcepted(Model model, Set<State> now, boolean told, int m, long id) {
    long of = now.stream().filter(state -> model.reached(state, told, true)[m] != null).count();
    if (of > 0) {
      excepted.add(id);
    }
    if (of == now.size()) {
      surely.add(id);
    }
  }

  /** What holds for all graphs together. */
  private void check(Report report, Set<Long> leaked, String when) {
    Report.Proof proof = report.proof();
    if (!proof.complete() || !proof.canary() || proof.refuted() != 0) {
      throw new AssertionError(when + ": the proof is not sound and complete: " + proof);
    }
    int open = 0;
    exceptedNow = 0;
    for (Finding finding : report.findings()) {
      Finding.Details details = finding.details();
      if (finding instanceof Finding.Proven && details.state() == Finding.State.OPEN) {
        open += details.count();
        exceptedNow += details.except() == null ? 0 : details.count();
      }
    }
    if (open != leaked.size()) {
      throw new AssertionError(when + ": " + open + " in findings, " + leaked.size() + " listed");
    }
    long most = exceptedBefore + excepted.stream().filter(leaked::contains).count();
    long least = shutDown ? 0 : exceptedBefore + surely.stream().filter(leaked::contains).count();
    unknown |= subjects.stream().anyMatch(subject -> subject.wrong != null);
    // Who leaves a queue may have the next one look whether it is its turn: it has run then, and is
    // judged anew, and no executor can wake it any more.
    if (!unknown && (exceptedNow < least || exceptedNow > most)) {
      throw new AssertionError(
          when
              + ": only executors wake "
              + exceptedNow
              + ", as is said, and not "
              + least
              + " to "
              + most);
    }
  }

  private void count(Subject subject, boolean told) throws TooLarge {
    Model model = subject.model;
    State state = subject.states.iterator().next();
    Set<State> later = told ? subject.states : model.settle(subject.states, true);
    for (int m = 0; m < subject.members(); m++) {
      int at = board.at.get(subject.first + m);
      int member = m;
      boolean stuck =
          !model.hasEnded(state, m)
              && model.graph.members().get(m).start() != Start.PLATFORM
              && later.stream().allMatch(s -> model.at(s, member) == at);
      if (stuck) {
        tally.stuck++;
        if (subject.proven.contains(m)) {
          tally.proven++;
        } else {
          Way way = model.reached(state, told, false)[m];
          if (way == null) {
            missInOtherState(subject, m, told);
          } else {
            tally.miss(way.root());
          }
        }
      }
    }
  }

  /**
   * One that is stuck, and that nothing reaches in one state which looks as the graph does, but
   * something does in another: which of them it is in cannot be told from outside: what is in a
   * buffer, say, the board does not know.
   */
  private void missInOtherState(Subject subject, int m, boolean told) {
    var roots = new TreeSet<String>();
    for (State state : subject.states) {
      Way way = subject.model.reached(state, told, false)[m];
      if (way != null) {
        roots.add(way.root());
      }
    }
    tally.missInOneState("seed " + subject.model.graph.seed() + " g" + m + " " + roots);
  }
}
