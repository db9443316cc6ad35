package dev.selvage.verification.graphs;

import dev.selvage.verification.graphs.Graph.Member;
import dev.selvage.verification.graphs.Graph.Start;
import dev.selvage.verification.graphs.Graph.Step;
import dev.selvage.verification.graphs.Graph.Thing;
import dev.selvage.verification.graphs.Graph.Verb;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a graph may do, and who may still be woken: the interpreter. It knows nothing of a JVM. */
final class Model {
  /*
   * A state is some words: the next step of each member (the number of steps if it has ended), what
   * each member holds, who is interrupted, what is in static fields, and one word for each thing:
   * of a channel or queue its buffer and whether it is closed, else a count, or who has the lock.
   *
   * All orders of steps are tried. Of a step that nobody's other step can prevent or be changed by
   * only one order is: it is done at once.
   */

  /** More states than that are not searched: such a graph is not used. */
  static final int MAX_STATES = 4_000;

  private static final int BITS = 7; // of a value in a buffer
  private static final long CLOSED = 1L << 62;

  /** One state. */
  @SuppressWarnings("ArrayRecordComponent") // compared by what is in it, and never changed
  record State(long[] words) {
    @Override
    public boolean equals(@Nullable Object o) {
      return o instanceof State other && Arrays.equals(words, other.words);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(words);
    }
  }

  /** There are too many states. */
  static final class TooLarge extends Exception {
    private static final long serialVersionUID = 1;
  }

  final Graph graph;
  private final int members;
  private final int interrupted;
  private final int statics;
  private final int things;

  Model(Graph graph) {
    this.graph = graph;
    members = graph.members().size();
    interrupted = 2 * members;
    statics = interrupted + 1;
    things = statics + 1;
  }

  State initial() {
    var s = new long[things + graph.things().size()];
    for (int m = 0; m < members; m++) {
      Member member = graph.members().get(m);
      s[members + m] = member.steps().isEmpty() ? 0 : member.holds();
    }
    s[statics] = graph.statics();
    for (int t = 0; t < graph.things().size(); t++) {
      Thing thing = graph.things().get(t);
      s[things + t] =
          switch (thing.kind().family) {
            case CHANNEL, QUEUE, LOCK -> 0;
            case GATE, PERMITS -> thing.size();
          };
    }
    return new State(s);
  }

  /** The next step of a member. */
  int at(State state, int member) {
    return (int) state.words[member];
  }

  long holds(State state, int member) {
    return state.words[members + member];
  }

  /** What static fields hold, as bits. */
  long statics(State state) {
    return state.words[statics];
  }

  boolean hasEnded(State state, int member) {
    return hasEnded(state.words, member);
  }

  private boolean hasEnded(long[] s, int m) {
    return s[m] == graph.members().get(m).steps().size();
  }

  State withoutStatics(State state) {
    long[] s = state.words.clone();
    s[statics] = 0;
    return new State(s);
  }

  /** The executor's {@code shutdownNow()}. */
  State withExecutorsInterrupted(State state) {
    long[] s = state.words.clone();
    for (int m = 0; m < members; m++) {
      if (graph.members().get(m).start() == Start.EXECUTOR && !hasEnded(s, m)) {
        s[interrupted] |= 1L << m;
      }
    }
    return new State(s);
  }

  // --------------- What happens ---------------

  /**
   * Every state in which nobody can go on, starting from any of some.
   *
   * @param told whether those that wait to be told to go on have been
   */
  Set<State> settle(Collection<State> from, boolean told) throws TooLarge {
    Set<State> seen = new HashSet<>(from);
    Set<State> still = new HashSet<>();
    var todo = new ArrayDeque<State>(from);
    var next = new ArrayList<long[]>();
    for (State state; (state = todo.poll()) != null; ) {
      next.clear();
      go(state.words, told, next);
      if (next.isEmpty()) {
        still.add(state);
      }
      for (long[] words : next) {
        var after = new State(words);
        if (seen.add(after)) {
          todo.add(after);
        }
      }
      if (seen.size() > MAX_STATES) {
        throw new TooLarge();
      }
    }
    return still;
  }

  private void go(long[] s, boolean told, List<long[]> next) {
    for (int m = 0; m < members; m++) {
      if (!hasEnded(s, m) && goAtOnce(s, m, told, next)) {
        return;
      }
    }
    for (int m = 0; m < members; m++) {
      if (!hasEnded(s, m)) {
        go(s, m, told, next);
      }
    }
  }

  private Step step(long[] s, int m) {
    return graph.members().get(m).steps().get((int) s[m]);
  }

  private static boolean has(long bits, int number) {
    return ((bits >>> number) & 1) != 0;
  }

  /** Whether the member does nothing in this step, for want of what it needs. */
  private boolean isSkipped(long[] s, int m, Step step) {
    if (step.thing() < 0) {
      return false;
    }
    long holds = s[members + m];
    if (!has(holds, step.thing()) || (step.other() >= 0 && !has(holds, step.other()))) {
      return true;
    }
    return switch (step.verb()) {
      case UNLOCK -> s[things + step.thing()] != m + 1;
      // a lock that is reentrant is not locked twice
      case LOCK -> kind(step.thing()) == Kind.REENTRANT && s[things + step.thing()] == m + 1;
      default -> false;
    };
  }

  private Kind kind(int thing) {
    return graph.things().get(thing).kind();
  }

  /** Takes a step that commutes with whatever others do; false if it is none. */
  private boolean goAtOnce(long[] s, int m, boolean told, List<long[]> next) {
    Step step = step(s, m);
    boolean skipped = isSkipped(s, m, step);
    boolean commutes =
        switch (step.verb()) {
          // Who may be a receiver, or a sender, or have the lock, can change what is skipped only
          // for itself.
          case DROP, PUBLISH, UNLOCK -> true;
          case COUNT -> skipped || kind(step.thing()) != Kind.WAIT_GROUP;
          case RELEASE -> skipped || kind(step.thing()) == Kind.SEMAPHORE;
          case STAND -> told;
          case SLEEP, SPIN -> told && !has(s[interrupted], m) && !isInterruptible(m);
          default -> skipped;
        };
    if (commutes) {
      go(s, m, told, next);
    }
    return commutes;
  }

  /** Whether somebody might interrupt it. */
  private boolean isInterruptible(int m) {
    for (Member member : graph.members()) {
      for (Step step : member.steps()) {
        if (step.verb() == Verb.INTERRUPT && step.thing() == graph.handle(m)) {
          return true;
        }
      }
    }
    return false;
  }

  private void go(long[] s, int m, boolean told, List<long[]> next) {
    Step step = step(s, m);
    if (isSkipped(s, m, step)) {
      next.add(advanced(s, m));
      return;
    }
    int t = step.thing();
    switch (step.verb()) {
      case SEND -> send(s, m, t, step.value(), next);
      case RECEIVE -> receive(s, m, t, next);
      case SELECT -> {
        receive(s, m, t, next);
        receive(s, m, step.other(), next);
      }
      case SELECT_SEND -> {
        receive(s, m, t, next);
        send(s, m, step.other(), step.value(), next);
      }
      case CLOSE -> {
        if ((s[things + t] & CLOSED) != 0) {
          next.add(ended(s, m));
        } else {
          long[] after = advanced(s, m);
          after[things + t] |= CLOSED;
          next.add(after);
        }
      }
      case AWAIT -> {
        if (s[things + t] == 0) {
          next.add(advanced(s, m));
        }
      }
      case COUNT -> {
        if (s[things + t] == 0) {
          next.add(kind(t) == Kind.WAIT_GROUP ? ended(s, m) : advanced(s, m));
        } else {
          next.add(counted(s, m, t, -1));
        }
      }
      case ACQUIRE -> {
        if (s[things + t] > 0) {
          next.add(counted(s, m, t, -1));
        }
      }
      case RELEASE -> {
        if (kind(t) == Kind.WEIGHTED && s[things + t] == graph.things().get(t).size()) {
          next.add(ended(s, m)); // more than it has
        } else {
          next.add(counted(s, m, t, 1));
        }
      }
      case LOCK -> {
        if (s[things + t] == 0) {
          next.add(counted(s, m, t, m + 1));
        }
      }
      case UNLOCK -> next.add(counted(s, m, t, -m - 1));
      case JOIN -> {
        if (hasEnded(s, t - graph.things().size())) {
          next.add(advanced(s, m));
        }
      }
      case INTERRUPT -> {
        long[] after = advanced(s, m);
        if (!hasEnded(s, t - graph.things().size())) {
          after[interrupted] |= 1L << (t - graph.things().size());
        }
        next.add(after);
      }
      case DROP -> {
        s = s.clone();
        s[members + m] &= ~(1L << t);
        next.add(advanced(s, m));
      }
      case PUBLISH -> {
        long[] after = advanced(s, m);
        after[statics] |= 1L << t;
        next.add(after);
      }
      case SLEEP, SPIN, STAND -> {
        if (told) {
          next.add(advanced(s, m));
        }
      }
    }
    if (has(s[interrupted], m) && givesWay(step)) {
      next.add(ended(s, m));
    }
  }

  /** Whether an interrupt ends it. */
  private boolean givesWay(Step step) {
    return switch (step.verb()) {
      case SEND, RECEIVE, SELECT, SELECT_SEND, AWAIT, ACQUIRE, JOIN, SLEEP, SPIN -> true;
      case LOCK -> kind(step.thing()) == Kind.MUTEX;
      default -> false;
    };
  }

  private void send(long[] s, int m, int t, int value, List<long[]> next) {
    if ((s[things + t] & CLOSED) != 0) {
      next.add(ended(s, m));
      return;
    }
    Thing thing = graph.things().get(t);
    int given = value >= 0 && has(s[members + m], value) ? value : Graph.NONE;
    if (thing.kind().handsOver(thing.size())) {
      for (int k = 0; k < members; k++) {
        if (k != m && !hasEnded(s, k) && receives(s, k, t)) {
          next.add(given(advanced(s, m), k, given));
        }
      }
    } else if (length(s[things + t]) < thing.size()) {
      long[] after = advanced(s, m);
      after[things + t] = pushed(s[things + t], given);
      next.add(after);
    }
  }

  private boolean receives(long[] s, int k, int t) {
    Step step = step(s, k);
    boolean receives =
        switch (step.verb()) {
          case RECEIVE, SELECT_SEND -> step.thing() == t;
          case SELECT -> step.thing() == t || step.other() == t;
          default -> false;
        };
    return receives && !isSkipped(s, k, step);
  }

  /** From a buffer, or what is closed; who hands over has been seen to in {@link #send}. */
  private void receive(long[] s, int m, int t, List<long[]> next) {
    long word = s[things + t];
    if (length(word) > 0) {
      s = s.clone();
      s[things + t] = popped(word);
      next.add(given(s, m, first(word)));
    } else if ((word & CLOSED) != 0) {
      next.add(advanced(s, m));
    }
  }

  private long[] given(long[] s, int m, int value) {
    long[] after = s.clone();
    if (value >= 0) {
      after[members + m] |= 1L << value;
    }
    return advanced(after, m);
  }

  private long[] counted(long[] s, int m, int t, int delta) {
    long[] after = advanced(s, m);
    after[things + t] += delta;
    return after;
  }

  private long[] advanced(long[] s, int m) {
    long[] after = s.clone();
    after[m]++;
    if (hasEnded(after, m)) {
      after[members + m] = 0;
    }
    return after;
  }

  private long[] ended(long[] s, int m) {
    long[] after = s.clone();
    after[m] = graph.members().get(m).steps().size();
    after[members + m] = 0;
    return after;
  }

  // A buffer: the lowest bits say how many; then the values, plus one, the first lowest.

  private static int length(long word) {
    return (int) (word & 7);
  }

  private static int first(long word) {
    return (int) ((word >>> 3) & ((1 << BITS) - 1)) - 1;
  }

  private static long pushed(long word, int value) {
    return (word + 1) | ((long) (value + 1) << (3 + BITS * length(word)));
  }

  private static long popped(long word) {
    long values = (word & ~CLOSED) >>> (3 + BITS);
    return (word & CLOSED) | (values << 3) | (length(word) - 1);
  }

  // --------------- Who may be woken ---------------

  /** From where a member may be reached: the way, for people, and where it begins. */
  record Way(String root, String path) {}

  /**
   * For each member a way on which something that lives reaches it; null where there is none, or it
   * has ended. Nobody can go on in that state, but who waits to be told so.
   *
   * @param told whether those that wait to be told to go on have been
   * @param executors whether threads of executors live, too
   */
  @Nullable Way[] reached(State state, boolean told, boolean executors) {
    long[] s = state.words;
    var ways = new @Nullable Way[graph.size() + members]; // numbers, then members
    var todo = new ArrayDeque<Integer>();
    for (int i = 0; i < graph.size(); i++) {
      if (has(s[statics], i)) {
        reach(ways, todo, i, new Way("static field", "static"));
      }
    }
    for (int m = 0; m < members; m++) {
      if (hasEnded(s, m)) {
        continue;
      }
      Start start = graph.members().get(m).start();
      Verb verb = step(s, m).verb();
      if (start == Start.PLATFORM) {
        reach(ways, todo, graph.size() + m, new Way("platform thread", "a platform thread"));
      } else if (!told && verb.idles()) {
        String root = verb == Verb.SPIN ? "running thread" : "timed wait";
        reach(ways, todo, graph.size() + m, new Way(root, root));
      } else if (executors && start == Start.EXECUTOR) {
        reach(ways, todo, graph.size() + m, new Way("executor", "an executor"));
      }
    }
    for (Integer node; (node = todo.poll()) != null; ) {
      if (node >= graph.size()) {
        fromMember(s, ways, todo, node);
      } else {
        fromThing(s, ways, todo, node);
      }
    }
    return Arrays.copyOfRange(ways, graph.size(), ways.length);
  }

  private void fromMember(long[] s, @Nullable Way[] ways, ArrayDeque<Integer> todo, int node) {
    int m = node - graph.size();
    for (int i = 0; i < graph.size(); i++) {
      if (has(s[members + m], i)) {
        follow(ways, todo, node, i);
      }
    }
    // A thread knows who waits for its end.
    for (int k = 0; k < members; k++) {
      if (!hasEnded(s, k)
          && step(s, k).verb() == Verb.JOIN
          && step(s, k).thing() == graph.handle(m)) {
        follow(ways, todo, node, graph.size() + k);
      }
    }
  }

  private void fromThing(long[] s, @Nullable Way[] ways, ArrayDeque<Integer> todo, int t) {
    if (t >= graph.things().size()) {
      int m = t - graph.things().size();
      if (!hasEnded(s, m)) {
        follow(ways, todo, t, graph.size() + m);
      }
      return;
    }
    for (int k = 0; k < members; k++) {
      if (hasEnded(s, k)) {
        continue;
      }
      Step step = step(s, k);
      if (step.verb() != Verb.JOIN && (step.thing() == t || step.other() == t)) {
        follow(ways, todo, t, graph.size() + k);
      }
    }
    long word = s[things + t];
    switch (kind(t).family) {
      case CHANNEL, QUEUE -> {
        for (long rest = word; length(rest) > 0; rest = popped(rest)) {
          if (first(rest) >= 0) {
            follow(ways, todo, t, first(rest));
          }
        }
      }
      case LOCK -> {
        int owner = (int) word - 1;
        if (kind(t) == Kind.REENTRANT && owner >= 0 && !hasEnded(s, owner)) {
          follow(ways, todo, t, graph.size() + owner);
        }
      }
      case GATE, PERMITS -> {}
    }
  }

  private void follow(@Nullable Way[] ways, ArrayDeque<Integer> todo, int from, int to) {
    Way way = ways[from];
    if (way != null && ways[to] == null) {
      reach(ways, todo, to, new Way(way.root, way.path + " -> " + name(to)));
    }
  }

  private static void reach(@Nullable Way[] ways, ArrayDeque<Integer> todo, int node, Way way) {
    if (ways[node] == null) {
      ways[node] = way;
      todo.add(node);
    }
  }

  private String name(int node) {
    return node < graph.size() ? graph.name(node) : "g" + (node - graph.size());
  }
}
