package dev.selvage.verification.graphs;

import java.util.List;

/**
 * A small program: things, and members who use them. A member may hold a thing and never use it.
 *
 * <p>Things are numbered from 0. After the last there is one number more for each member: its
 * thread, held like a thing, to join or interrupt it.
 *
 * @param seed what it was made from
 * @param statics the things that static fields hold, as bits
 */
record Graph(long seed, List<Thing> things, List<Member> members, long statics) {
  /** Not a thing. */
  static final int NONE = -1;

  Graph {
    things = List.copyOf(things);
    members = List.copyOf(members);
    if (things.size() + members.size() > Long.SIZE) {
      throw new IllegalArgumentException("too large: a bit for each is all there is");
    }
  }

  /** Something to wait on; what its size means is said at its kind. */
  record Thing(Kind kind, int size) {}

  /** What a member runs in. */
  enum Start {
    /** A goroutine. */
    GO,
    /** A plain virtual thread; the only kind that others may have. */
    VIRTUAL,
    /** A task of an executor that is in use. */
    EXECUTOR,
    /** A platform thread, which lives in any case. */
    PLATFORM
  }

  /**
   * A thread.
   *
   * @param holds the things that it has at first, as bits
   */
  record Member(Start start, long holds, List<Step> steps) {
    Member {
      steps = List.copyOf(steps);
    }
  }

  /**
   * What a step does. A step with a thing that its member does not hold (any more) does nothing.
   */
  enum Verb {
    SEND,
    RECEIVE,
    CLOSE,
    /** Receives from the one or the other. */
    SELECT,
    /** Receives from the one or sends to the other. */
    SELECT_SEND,
    AWAIT,
    COUNT,
    ACQUIRE,
    RELEASE,
    LOCK,
    UNLOCK,
    /** Waits until another member has ended. */
    JOIN,
    INTERRUPT,
    /** Lets go of a thing. */
    DROP,
    /** Puts a thing into a static field. */
    PUBLISH,
    /** Waits with a time limit, again and again, until it is told to go on. */
    SLEEP,
    /** Runs until it is told to go on. */
    SPIN,
    /** Waits until it is told to go on, by a platform thread that has what it waits on. */
    STAND;

    /** Whether it waits until it is told. */
    boolean idles() {
      return this == SLEEP || this == SPIN || this == STAND;
    }
  }

  /**
   * One step of a member.
   *
   * @param thing what with, or {@link #NONE}
   * @param other the second thing of a select, or {@link #NONE}
   * @param value the thing that is sent, or {@link #NONE} for a value that is none
   */
  record Step(Verb verb, int thing, int other, int value) {
    static Step of(Verb verb) {
      return new Step(verb, NONE, NONE, NONE);
    }

    static Step of(Verb verb, int thing) {
      return new Step(verb, thing, NONE, NONE);
    }

    static Step send(int thing, int value) {
      return new Step(Verb.SEND, thing, NONE, value);
    }
  }

  int handle(int member) {
    return things.size() + member;
  }

  /** How many numbers there are. */
  int size() {
    return things.size() + members.size();
  }

  String name(int thing) {
    if (thing >= things.size()) {
      return "thread of g" + (thing - things.size());
    }
    Thing it = things.get(thing);
    return it.kind.text + "#" + thing + "(" + it.size + ")";
  }

  /** The program, for people: a line for each member. */
  @Override
  public String toString() {
    var text = new StringBuilder("graph " + seed);
    text.append(": static ").append(names(statics)).append('\n');
    for (int m = 0; m < members.size(); m++) {
      Member member = members.get(m);
      text.append("  g%d %s has %s:".formatted(m, member.start, names(member.holds)));
      for (Step step : member.steps) {
        text.append(' ').append(step.verb);
        if (step.thing >= 0) {
          text.append(' ').append(name(step.thing));
        }
        if (step.other >= 0) {
          text.append(" or ").append(name(step.other));
        }
        if (step.value >= 0) {
          text.append(" <- ").append(name(step.value));
        }
        text.append(';');
      }
      text.append('\n');
    }
    return text.toString();
  }

  private String names(long bits) {
    var names = new StringBuilder("[");
    for (int thing = 0; thing < size(); thing++) {
      if (((bits >>> thing) & 1) != 0) {
        names.append(names.length() > 1 ? ", " : "").append(name(thing));
      }
    }
    return names.append(']').toString();
  }
}
