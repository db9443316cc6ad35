package dev.selvage.diagnostics.trace;

import dev.selvage.diagnostics.trace.Who.State;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Makes one sequence of what threads have recorded each for itself, in which every event is
 * possible after those before it.
 */
final class Replay {
  /*
   * What threads record is true, but told at slightly wrong moments, and not complete:
   *
   *  - A goroutine may be woken, and even run elsewhere, before the M that it has just left says
   *    that it stopped. It has stopped before it was woken; so the stop, which is the next that the
   *    M says, is told then.
   *  - An M that is taken for stuck keeps its P object, and another gets its number (see Gmp). From
   *    then on the first runs on a P that does not exist: a lane of its own, with a number above
   *    those of all real ones. The scheduler's monitor says so, and why, before or after that other
   *    M says that it runs.
   *  - Threads that are no Ms start goroutines and say things. Go's format has no such threads:
   *    for each of these moments they take such a lane, and are a goroutine that runs there.
   *  - Events may be lost at the beginning (of a flight recorder's window) and for want of memory.
   *    What must have happened in between is told as soon as it is known that it has.
   *
   * It goes through twice: first to learn what can be known of a goroutine only later (where it
   * began, and what ended a wait of the JDK), telling nobody.
   */
  private static final String PREEMPTED = "preempted";
  private static final String YIELDED = "runtime.Gosched";
  private static final String OUTSIDE = "not a goroutine";

  private static final Set<String> OURS =
      Set.of("dev.selvage", "dev.selvage.scheduler", "dev.selvage.sync", "dev.selvage.time");

  /** The names that the JDK gives to its threads which wait for sockets. */
  private static final Pattern POLLER = Pattern.compile("(Master|Sub|Read-|Write-)Poller.*");

  private final List<Recording> recordings;
  private final List<Collection> collections;
  private final long from;
  private final long to;
  private final int realProcessors;

  // What the first pass learns.
  private final Map<String, StackTraceElement> rootsByType = new HashMap<>();
  private final Map<Long, StackTraceElement> rootsById = new HashMap<>();
  private final Map<Long, String> namesById = new HashMap<>();
  private final Map<Long, String> typesById = new HashMap<>();
  private final List<String> reasons = new ArrayList<>();
  private final List<String> takings = new ArrayList<>();
  private final Map<Long, Integer> lanes = new HashMap<>();

  // Of one pass.
  private boolean learning = true;
  private Sink sink = Nobody.INSTANCE;
  private long clock;
  private int stops;
  private int taken;
  private final Map<Long, Machine> machinesById = new HashMap<>();
  private final Map<Long, Who> all = new HashMap<>();
  private final Map<Integer, Machine> holders = new HashMap<>();
  private final Set<Long> tasks = new HashSet<>();
  private final Set<Integer> known = new HashSet<>();
  private final Current now = new Current();
  private final PriorityQueue<Machine> queue =
      new PriorityQueue<>(
          Comparator.<Machine>comparingLong(m -> m.events.time + m.offset)
              .thenComparingInt(m -> m.events.kind));

  /** The event that is being told. */
  private static final class Current {
    int kind;
    long time;
    final long[] arguments = new long[5];
    String message = "";
  }

  /** A moment at which the world stops, or goes on. */
  private record Mark(long time, Collection collection, boolean begin) {}

  /** A thread while it is gone through. */
  static final class Machine {
    final Events events;
    final Recording recording;

    /** What its tasks' and strings' numbers are of. */
    final int number;

    /** From its recording's origin to that of all. */
    final long offset;

    @Nullable Who running;
    int lane = -1;

    /** Which taking away of its P made it run what it runs without one; -1 if none did. */
    int taking = -1;

    /** What ran before the window. */
    long before;

    long beforeOn;

    Machine(Events events, Recording recording, int number, long offset) {
      this.events = events;
      this.recording = recording;
      this.number = number;
      this.offset = offset;
    }

    long id() {
      return events.id;
    }
  }

  /**
   * A time in which the world stood still.
   *
   * @param begun by {@link System#nanoTime()}
   * @param ended likewise
   * @param usedBefore bytes of heap
   * @param usedAfter bytes of heap
   * @param most bytes that the heap may have
   */
  record Collection(
      String cause, long begun, long ended, long usedBefore, long usedAfter, long most) {

    /** A time in which it stood still for something that is no collection. */
    static Collection none(String cause, long begun, long ended) {
      return new Collection(cause, begun, ended, -1, -1, -1);
    }

    boolean isNone() {
      return most < 0;
    }
  }

  Replay(List<Recording> recordings, List<Collection> collections) {
    this.recordings = recordings;
    this.collections = collections;
    long origin = origin();
    from = recordings.stream().mapToLong(r -> r.origin() - origin + r.from()).max().orElse(0);
    to = recordings.stream().mapToLong(r -> r.origin() - origin + r.to()).max().orElse(0);
    int procs = 0;
    for (Recording r : recordings) {
      procs = Math.max(procs, r.procs());
    }
    realProcessors = procs;
  }

  private long origin() {
    return recordings.stream().mapToLong(Recording::origin).min().orElse(0);
  }

  /** How many events found no room. */
  long lost() {
    return recordings.stream().mapToLong(Recording::lost).sum();
  }

  /** Tells all. */
  void tell(Sink to) throws IOException {
    go();
    learning = false;
    sink = to;
    all.clear();
    holders.clear();
    known.clear();
    tasks.clear();
    queue.clear();
    machinesById.clear();
    stops = 0;
    taken = 0;
    go();
    sink.finish(++clock);
  }

  private void go() throws IOException {
    clock = from;
    long origin = origin();
    List<Machine> machines = new ArrayList<>();
    int number = 0;
    for (Recording recording : recordings) {
      for (Events events : recording.threads()) {
        Machine m = new Machine(events.again(), recording, number, recording.origin() - origin);
        if (m.events.next()) {
          machines.add(m);
          machinesById.put(m.id(), m);
        }
      }
      number++;
    }
    Machine own = own(machines);
    begin(machines, own);
    List<Mark> marks = marks(origin);
    int mark = 0;
    while (true) {
      Machine m = queue.peek();
      long next = m == null ? Long.MAX_VALUE : m.events.time + m.offset;
      while (mark < marks.size() && marks.get(mark).time <= next) {
        mark(own, marks.get(mark++));
      }
      if (m == null) {
        break;
      }
      queue.remove();
      Events e = m.events;
      now.kind = e.kind;
      now.time = next;
      now.message = e.message;
      System.arraycopy(e.arguments, 0, now.arguments, 0, e.arguments.length);
      if (learning) {
        learn(m);
      }
      advance(m); // so that what a thread has at hand is always what it says next
      event(m);
    }
    say(own);
  }

  private void advance(Machine m) {
    if (m.events.next() && m.events.time + m.offset <= to) {
      queue.add(m);
    }
  }

  /** Goes to the window's beginning, and tells what runs there. */
  private void begin(List<Machine> machines, Machine own) throws IOException {
    // A P of the JVM's own scheduler has its own number.
    for (int p = 0; p < realProcessors; p++) {
      lane(own, laneOf(0, p));
    }
    for (Machine m : machines) {
      boolean more = true;
      while (more && m.events.time + m.offset < from) {
        if (learning) {
          learn(m);
        }
        switch (m.events.kind) {
          case Events.RUNNING -> {
            m.before = m.events.arguments[0];
            m.beforeOn = m.events.arguments[1];
          }
          case Events.STOPPED, Events.ENDED -> m.before = 0;
          default -> {}
        }
        more = m.events.next();
      }
      if (more && m.events.time + m.offset <= to) {
        queue.add(m);
      }
    }
    enter(own);
    sink.processors(now(), own.id(), Math.max(1, realProcessors));
    leave(own);
    for (Machine m : machines) {
      if (m.before != 0) {
        run(m, who(m.before), m.beforeOn);
      }
    }
  }

  /** What says things that nobody in the program says. */
  private static Machine own(List<Machine> machines) {
    long id = machines.stream().mapToLong(Machine::id).max().orElse(0);
    for (Machine m : machines) {
      for (Events e = m.events.again(); e.next(); ) {
        id = Math.max(id, e.arguments[0]);
      }
    }
    Recording empty = new Recording(0, 0, 0, 0, 0, false, List.of(), List.of(), List.of());
    return new Machine(
        new Events(id + 1, "GC and trace", false, List.of(), List.of()), empty, -1, 0);
  }

  private List<Mark> marks(long origin) {
    List<Mark> marks = new ArrayList<>();
    long last = from;
    List<Collection> sorted = new ArrayList<>(collections);
    sorted.sort(Comparator.comparingLong(Collection::begun));
    for (Collection c : sorted) {
      long begun = Math.max(last, c.begun - origin);
      long ended = Math.min(to, c.ended - origin);
      if (c.ended - origin >= from && begun <= to) {
        last = Math.max(begun, ended);
        marks.add(new Mark(begun, c, true));
        marks.add(new Mark(last, c, false));
      }
    }
    return marks;
  }

  private void mark(Machine own, Mark mark) throws IOException {
    clock = Math.max(clock, mark.time);
    Collection c = mark.collection;
    if (c.isNone()) {
      if (mark.begin) {
        Who self = enter(own);
        sink.beginStop(now(), own.id(), self, c.cause);
      } else {
        sink.endStop(now(), own.id(), Objects.requireNonNull(own.running), c.cause);
        leave(own);
      }
    } else if (mark.begin) {
      Who self = enter(own);
      sink.beginCollection(now(), own.id(), self, c.cause);
      sink.heap(now(), own.id(), c.usedBefore, c.most);
    } else {
      sink.heap(now(), own.id(), c.usedAfter, c.most);
      sink.endCollection(now(), own.id(), Objects.requireNonNull(own.running), c.cause);
      leave(own);
    }
  }

  private void say(Machine own) throws IOException {
    Who self = enter(own);
    for (Recording r : recordings) {
      if (r.lost() > 0 || r.full()) {
        String what =
            r.full()
                ? "the trace ends here: it has as many bytes as it may; events lost after that: "
                : "events lost for want of memory: ";
        sink.log(now(), own.id(), self, 0, "selvage", what + r.lost(), List.of());
      }
    }
    leave(own);
  }

  private long now() {
    return ++clock;
  }

  // --------------- Who and where ---------------

  private Who who(long id) {
    Who g = all.get(id);
    if (g == null) {
      g = new Who(id);
      g.name = namesById.getOrDefault(id, "");
      g.type = typesById.getOrDefault(id, "");
      g.root = rootsById.get(id);
      all.put(id, g);
    }
    return g;
  }

  /** Where a goroutine began, as far as it can be told, as a stack of one. */
  private List<StackTraceElement> root(Who g) {
    StackTraceElement root = g.root;
    if (root == null && !g.type.isEmpty()) {
      root = rootsByType.get(g.type);
    }
    if (root == null && !g.name.isEmpty()) {
      root = new StackTraceElement(stem(g.name), "", null, -1);
    }
    if (root == null && g.startedAt != null) {
      root = g.startedAt;
    }
    if (root == null && !g.type.isEmpty()) {
      int lambda = g.type.indexOf("$$Lambda");
      String type = lambda < 0 ? g.type : g.type.substring(0, lambda);
      root = new StackTraceElement(type, lambda < 0 ? "run" : "lambda", null, -1);
    }
    return root == null ? List.of() : List.of(root);
  }

  /** The first place outside the language in the stack of who starts a goroutine. */
  private static @Nullable StackTraceElement startedAt(List<StackTraceElement> stack) {
    for (StackTraceElement frame : stack) {
      String type = frame.getClassName();
      if (!OURS.contains(type.substring(0, Math.max(0, type.lastIndexOf('.'))))) {
        return new StackTraceElement(
            type,
            frame.getMethodName() + " (starts it)",
            frame.getFileName(),
            frame.getLineNumber());
      }
    }
    return null;
  }

  /** A name without its number: what it has in common with its siblings. */
  private static String stem(String name) {
    int end = name.length();
    while (end > 0 && Character.isDigit(name.charAt(end - 1))) {
      end--;
    }
    while (end > 0 && "-_# ".indexOf(name.charAt(end - 1)) >= 0) {
      end--;
    }
    return end == 0 ? name : name.substring(0, end);
  }

  /** Learns from what the thread has at hand. */
  private void learn(Machine m) {
    long[] a = m.events.arguments;
    Recording r = m.recording;
    switch (m.events.kind) {
      case Events.CREATED -> {
        name(a[0], r.string(a[2]));
        if (a[1] != 0) {
          typesById.put(a[0], r.string(a[1]));
        }
        rooted(a[3], r.stack(a[4]));
      }
      case Events.RUNNABLE -> {
        name(a[1], r.string(a[2]));
        rooted(a[1], r.stack(a[3]));
      }
      case Events.STOPPED, Events.TASK_END -> rooted(a[0], r.stack(a[2]));
      case Events.TASK_BEGIN -> rooted(a[0], r.stack(a[4]));
      case Events.REGION_BEGIN, Events.REGION_END, Events.LOG -> rooted(a[0], r.stack(a[3]));
      default -> {}
    }
  }

  private void name(long id, String name) {
    if (!name.isEmpty()) {
      namesById.put(id, name);
    }
  }

  private void rooted(long id, List<StackTraceElement> stack) {
    if (!stack.isEmpty()) {
      StackTraceElement root = stack.getLast();
      rootsById.putIfAbsent(id, root);
      String type = typesById.get(id);
      if (type != null && !type.startsWith("dev.selvage.")) {
        rootsByType.putIfAbsent(type, root);
      }
    }
  }

  /** The lane of a P: its number, for the JVM's own scheduler. */
  private int laneOf(Machine m, long processor) {
    return laneOf(Math.max(0, m.number), processor);
  }

  private int laneOf(int number, long processor) {
    return lanes.computeIfAbsent(((long) number << 48) | processor, _ -> lanes.size());
  }

  private void lane(Machine m, int lane) throws IOException {
    if (known.add(lane)) {
      sink.processor(now(), m.id(), lane);
    }
  }

  /** A lane that is no P's. */
  private int freeLane() {
    for (int lane = learning ? 1 << 30 : lanes.size(); ; lane++) {
      if (!holders.containsKey(lane)) {
        return lane;
      }
    }
  }

  private void take(Machine m, int lane) throws IOException {
    lane(m, lane);
    m.lane = lane;
    holders.put(lane, m);
    sink.take(now(), m.id(), lane);
  }

  private void release(Machine m) throws IOException {
    holders.remove(m.lane);
    sink.release(now(), m.id(), m.lane);
    m.lane = -1;
  }

  private void moveTo(Machine m, int lane) throws IOException {
    if (m.lane == lane) {
      return;
    }
    if (m.lane >= 0) {
      release(m);
    }
    Machine holder = holders.get(lane);
    if (holder != null) {
      Who g = holder.running;
      if (g == null) {
        release(holder);
      } else {
        takeAway(holder, g, PREEMPTED);
      }
    }
    take(m, lane);
  }

  /** Its P was taken away while it ran; it runs on. */
  private void takeAway(Machine holder, Who g, String why) throws IOException {
    if (learning) {
      takings.add(why);
    }
    holder.taking = taken;
    sink.yielded(now(), holder.id(), holder.lane, g, takings.get(taken++));
    release(holder);
    take(holder, freeLane());
    sink.running(now(), holder.id(), holder.lane, g);
  }

  /** The monitor says it, soon after it was so. */
  private void takenAway(long machine, long id, String why) throws IOException {
    Machine holder = machinesById.get(machine);
    Who g = holder == null ? null : holder.running;
    if (holder == null || g == null || g.id != id || why.isEmpty()) {
      return; // it came back before that was said
    }
    if (holder.taking < 0) {
      takeAway(holder, g, why);
    } else if (learning) {
      takings.set(holder.taking, why);
    }
  }

  // --------------- Threads that are no Ms ---------------

  /** Lets a thread be a goroutine that runs, for a moment. */
  private Who enter(Machine m) throws IOException {
    return enter(m, m.id());
  }

  private Who enter(Machine m, long id) throws IOException {
    Who g = who(id);
    if (g.name.isEmpty() && id == m.id()) {
      g.name = m.events.name;
    }
    if (m.lane < 0) {
      take(m, freeLane());
    }
    if (g.state == State.RUNNING) {
      stop(g); // it cannot be in two places
    }
    ready(m, g);
    start(m, g);
    return g;
  }

  private void leave(Machine m) throws IOException {
    Who g = m.running;
    if (g != null) {
      sink.blocked(now(), m.id(), m.lane, g, OUTSIDE, List.of());
      away(m, g, State.WAITING);
    }
    release(m);
  }

  /** Has something run on the M that the event is of; true if that is to be {@link #leave left}. */
  private boolean inside(Machine m, long id) throws IOException {
    if (m.running != null) {
      return false;
    }
    enter(m, id);
    return !m.events.machine || id == m.id(); // a goroutine on its M goes on there
  }

  // --------------- Events ---------------

  private void event(Machine m) throws IOException {
    clock = Math.max(clock, now.time);
    long[] a = now.arguments;
    Recording r = m.recording;
    switch (now.kind) {
      case Events.CREATED -> {
        Who g = who(a[0]);
        boolean entered = g.state == State.UNKNOWN && inside(m, a[3]);
        if (g.state == State.UNKNOWN) {
          if (g.type.isEmpty() || g.type.startsWith("dev.selvage.")) {
            g.startedAt = startedAt(r.stack(a[4]));
          }
          sink.created(now(), m.id(), g, root(g), r.stack(a[4]));
          g.state = State.RUNNABLE;
        }
        if (entered) {
          leave(m);
        }
      }
      case Events.RUNNABLE -> runnable(m, who(a[0]), a[1], r.string(a[2]), r.stack(a[3]));
      case Events.RUNNING -> run(m, who(a[0]), a[1]);
      case Events.STOPPED -> {
        Who g = who(a[0]);
        if (m.running == g) {
          stopped(m, g, r.string(a[1]), r.stack(a[2]));
        }
      }
      case Events.ENDED -> {
        Who g = who(a[0]);
        if (m.running == g) {
          // A region that nobody ended goes with it.
          g.regions.clear();
          sink.ended(now(), m.id(), m.lane, g);
          away(m, g, State.ENDED);
        }
      }
      case Events.TAKEN_AWAY -> takenAway(a[0], a[1], r.string(a[2]));
      default -> said(m, r);
    }
  }

  private void said(Machine m, Recording r) throws IOException {
    long[] a = now.arguments;
    boolean entered = inside(m, a[0]);
    Who g = m.running;
    if (g == null) {
      throw new IllegalStateException("nothing runs on " + m.id());
    }
    long task = task(m, a[1]);
    switch (now.kind) {
      case Events.TASK_BEGIN -> {
        if (tasks.add(task)) {
          sink.beginTask(now(), m.id(), g, task, task(m, a[2]), r.string(a[3]), r.stack(a[4]));
        }
      }
      case Events.TASK_END -> {
        tasks.remove(task);
        sink.endTask(now(), m.id(), g, task, r.stack(a[2]));
      }
      case Events.REGION_BEGIN -> {
        Who.Region region = new Who.Region(task, r.string(a[2]));
        g.regions.push(region);
        sink.beginRegion(now(), m.id(), g, task, region.type(), r.stack(a[3]));
      }
      case Events.REGION_END -> {
        Who.Region region = new Who.Region(task, r.string(a[2]));
        if (g.regions.contains(region)) { // else it began before the trace
          for (boolean last = false; !last; ) {
            Who.Region inner = g.regions.pop();
            last = inner.equals(region);
            sink.endRegion(
                now(), m.id(), g, inner.task(), inner.type(), last ? r.stack(a[3]) : List.of());
          }
        }
      }
      case Events.LOG ->
          sink.log(now(), m.id(), g, task, r.string(a[2]), now.message, r.stack(a[3]));
      default -> throw new IllegalStateException("event " + now.kind);
    }
    if (entered) {
      leave(m);
    }
  }

  /** Tasks of different copies of the language have the same numbers. */
  private long task(Machine m, long task) {
    return task == 0 ? 0 : task * recordings.size() + m.number;
  }

  private void runnable(Machine m, Who g, long by, String byName, List<StackTraceElement> stack)
      throws IOException {
    if (g.state == State.RUNNING) {
      if (by == m.id() && g.on == m && saysStopped(m, g) && reason(m).isEmpty()) {
        // It gave way.
        explained("");
        sink.yielded(now(), m.id(), m.lane, g, YIELDED);
        away(m, g, State.RUNNABLE);
        queue.remove(m);
        advance(m);
        return;
      }
      stop(g);
    }
    if (g.unexplained >= 0) {
      if (learning) {
        explain(g, byName.isEmpty() ? m.events.name : byName);
      }
      g.unexplained = -1;
    }
    switch (g.state) {
      case UNKNOWN, ENDED -> {
        sink.known(now(), m.id(), g, true, root(g));
        g.state = State.WAITING;
      }
      case RUNNABLE, RUNNING -> {
        return;
      }
      case WAITING -> {}
    }
    sink.runnable(now(), m.id(), g, stack);
    g.state = State.RUNNABLE;
  }

  /** Who ends a wait of the JDK tells what it was for. */
  private void explain(Who g, String waker) {
    if (POLLER.matcher(waker).matches()) {
      reasons.set(g.unexplained, Words.NETWORK);
    } else if (waker.startsWith("VirtualThread-unparker")
        && reasons.get(g.unexplained).equals(Words.TIMED)) {
      reasons.set(g.unexplained, Words.SLEEP);
    }
  }

  /** Whether what the M says next is that the goroutine stopped. */
  private static boolean saysStopped(Machine m, Who g) {
    return m.events.kind == Events.STOPPED && m.events.arguments[0] == g.id;
  }

  /** The reason of that. */
  private static String reason(Machine m) {
    return m.recording.string(m.events.arguments[1]);
  }

  /** Tells that a running goroutine stopped, as it must have before what comes now. */
  private void stop(Who g) throws IOException {
    Machine on = Objects.requireNonNull(g.on);
    if (saysStopped(on, g)) {
      queue.remove(on);
      if (learning) {
        learn(on);
      }
      stopped(on, g, reason(on), on.recording.stack(on.events.arguments[2]));
      advance(on);
    } else {
      stopped(on, g, "", List.of());
    }
  }

  private void stopped(Machine m, Who g, String reason, List<StackTraceElement> stack)
      throws IOException {
    g.unexplained = stops;
    String why = explained(reason);
    sink.blocked(now(), m.id(), m.lane, g, Words.of(why), stack);
    away(m, g, State.WAITING);
  }

  private static void away(Machine m, Who g, State state) {
    m.running = null;
    g.on = null;
    g.state = state;
  }

  /** Counts a stop; what is known of its reason. */
  private String explained(String reason) {
    if (learning) {
      reasons.add(reason);
    }
    return reasons.get(stops++);
  }

  private void run(Machine m, Who g, long processor) throws IOException {
    if (g.state == State.RUNNING && g.on == m) {
      return;
    }
    if (m.running != null) {
      stop(m.running);
    }
    if (g.state == State.RUNNING) {
      stop(g);
    }
    moveTo(m, laneOf(m, processor));
    ready(m, g);
    g.unexplained = -1;
    start(m, g);
  }

  /** Tells how a goroutine that is about to run became runnable, if that was not told. */
  private void ready(Machine m, Who g) throws IOException {
    switch (g.state) {
      case UNKNOWN, ENDED -> sink.known(now(), m.id(), g, false, root(g));
      case WAITING -> sink.runnable(now(), m.id(), g, List.of());
      case RUNNABLE -> {}
      case RUNNING -> throw new IllegalStateException(g.id + " runs already");
    }
  }

  private void start(Machine m, Who g) throws IOException {
    sink.running(now(), m.id(), m.lane, g);
    m.running = g;
    m.taking = -1;
    g.on = m;
    g.state = State.RUNNING;
  }
}
