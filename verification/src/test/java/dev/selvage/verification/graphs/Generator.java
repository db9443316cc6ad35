package dev.selvage.verification.graphs;

import dev.selvage.verification.graphs.Graph.Member;
import dev.selvage.verification.graphs.Graph.Start;
import dev.selvage.verification.graphs.Graph.Step;
import dev.selvage.verification.graphs.Graph.Thing;
import dev.selvage.verification.graphs.Graph.Verb;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Makes a graph from a seed: the same one each time. */
final class Generator {
  private final SplittableRandom random;
  private final List<Thing> things = new ArrayList<>();
  private Start[] starts = new Start[0];

  private Generator(long seed) {
    this.random = new SplittableRandom(seed);
  }

  static Graph make(long seed) {
    return new Generator(seed).graph(seed);
  }

  private Graph graph(long seed) {
    int size = 1 + random.nextInt(5);
    for (int i = 0; i < size; i++) {
      things.add(thing());
    }
    starts = new Start[2 + random.nextInt(5)];
    for (int m = 0; m < starts.length; m++) {
      starts[m] = start();
    }
    var members = new ArrayList<Member>();
    for (int m = 0; m < starts.length; m++) {
      members.add(member(starts[m]));
    }
    long statics = 0;
    for (int i = 0; i < numbers(); i++) {
      if (isHad(i) && random.nextInt(100) < 9) {
        statics |= 1L << i;
      }
    }
    return new Graph(seed, things, members, statics);
  }

  private Thing thing() {
    Kind[] kinds = Kind.values();
    // Every second one is a channel: they can do most.
    Kind kind = random.nextInt(100) < 40 ? Kind.CHANNEL : kinds[random.nextInt(kinds.length)];
    int size =
        switch (kind) {
          case CHANNEL -> random.nextInt(100) < 60 ? 0 : 1 + random.nextInt(2);
          case SYNCHRONOUS, FAIR, TRANSFER -> 0;
          case ARRAY, LINKED, DEQUE, LATCH, WAIT_GROUP -> 1 + random.nextInt(2);
          case FUTURE, WEIGHTED, MUTEX, REENTRANT -> 1;
          case SEMAPHORE -> random.nextInt(2);
        };
    return new Thing(kind, size);
  }

  private Start start() {
    int dice = random.nextInt(100);
    return dice < 45
        ? Start.GO
        : dice < 82 ? Start.VIRTUAL : dice < 96 ? Start.EXECUTOR : Start.PLATFORM;
  }

  /** Things and members. */
  private int numbers() {
    return things.size() + starts.length;
  }

  /** Whether somebody may have it: all things, and of the threads those that are plain. */
  private boolean isHad(int number) {
    return number < things.size() || starts[number - things.size()] == Start.VIRTUAL;
  }

  private Member member(Start start) {
    var steps = new ArrayList<Step>();
    long holds = 0;
    for (int i = 0; i < numbers(); i++) {
      // What it never uses, and perhaps is sent to others.
      if (isHad(i) && random.nextInt(100) < (i < things.size() ? 14 : 7)) {
        holds |= 1L << i;
      }
    }
    int count = 1 + random.nextInt(4);
    int idles = start == Start.PLATFORM ? 0 : random.nextInt(100) < 30 ? random.nextInt(count) : -1;
    int lock = Graph.NONE;
    for (int i = 0; i < count; i++) {
      if (i == idles) {
        steps.add(Step.of(idle(start)));
      }
      int thing = random.nextInt(things.size());
      Step step = step(thing, holds);
      steps.add(step);
      holds |= bit(step.thing()) | bit(step.other());
      if (step.verb() == Verb.LOCK) {
        lock = step.thing();
      } else if (lock >= 0 && random.nextInt(100) < 60) {
        steps.add(Step.of(Verb.UNLOCK, lock));
        lock = Graph.NONE;
      }
      if (random.nextInt(100) < 12) {
        steps.add(Step.of(Verb.DROP, random.nextInt(numbers())));
      }
    }
    if (lock >= 0 && random.nextInt(100) < 60) {
      steps.add(Step.of(Verb.UNLOCK, lock));
    }
    return new Member(start, holds, steps);
  }

  private Verb idle(Start start) {
    if (start == Start.PLATFORM) {
      return Verb.STAND;
    }
    // Running threads take the processors from all others.
    return random.nextInt(100) < 2 ? Verb.SPIN : Verb.SLEEP;
  }

  private static long bit(int number) {
    return number < 0 ? 0 : 1L << number;
  }

  private Step step(int thing, long holds) {
    int dice = random.nextInt(100);
    if (dice < 4) {
      return Step.of(Verb.PUBLISH, thing);
    }
    if (dice < 14) {
      int member = random.nextInt(starts.length);
      if (starts[member] == Start.VIRTUAL) {
        return Step.of(dice < 11 ? Verb.JOIN : Verb.INTERRUPT, things.size() + member);
      }
    }
    return switch (things.get(thing).kind().family) {
      case CHANNEL -> channel(thing, holds);
      case QUEUE -> random.nextBoolean() ? send(thing, holds) : Step.of(Verb.RECEIVE, thing);
      case GATE -> Step.of(random.nextInt(100) < 60 ? Verb.AWAIT : Verb.COUNT, thing);
      case PERMITS -> Step.of(random.nextInt(100) < 60 ? Verb.ACQUIRE : Verb.RELEASE, thing);
      case LOCK -> Step.of(Verb.LOCK, thing);
    };
  }

  private Step channel(int thing, long holds) {
    int dice = random.nextInt(100);
    int other = random.nextInt(things.size());
    if (dice < 30 && other != thing && things.get(other).kind() == Kind.CHANNEL) {
      return dice < 15
          ? new Step(Verb.SELECT, thing, other, Graph.NONE)
          : new Step(Verb.SELECT_SEND, thing, other, value(holds));
    }
    return dice < 40
        ? Step.of(Verb.CLOSE, thing)
        : dice < 70 ? Step.of(Verb.RECEIVE, thing) : send(thing, holds);
  }

  private Step send(int thing, long holds) {
    return Step.send(thing, value(holds));
  }

  /** Something that it has, or nothing. */
  private int value(long holds) {
    int value = random.nextInt(numbers());
    return ((holds >>> value) & 1) != 0 ? value : Graph.NONE;
  }
}
