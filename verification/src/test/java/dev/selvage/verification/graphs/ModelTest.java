package dev.selvage.verification.graphs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.verification.graphs.Graph.Member;
import dev.selvage.verification.graphs.Graph.Start;
import dev.selvage.verification.graphs.Graph.Step;
import dev.selvage.verification.graphs.Graph.Thing;
import dev.selvage.verification.graphs.Graph.Verb;
import dev.selvage.verification.graphs.Model.State;
import dev.selvage.verification.graphs.Model.Way;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The interpreter, on programs whose outcome can be told by hand. */
final class ModelTest {
  private static final Thing UNBUFFERED = new Thing(Kind.CHANNEL, 0);
  private static final Thing LATCH = new Thing(Kind.LATCH, 1);

  private static Member member(long holds, Step... steps) {
    return new Member(Start.VIRTUAL, holds, List.of(steps));
  }

  private static Graph graph(List<Thing> things, long statics, Member... members) {
    return new Graph(0, things, List.of(members), statics);
  }

  private static State only(Set<State> states) {
    assertEquals(1, states.size());
    return states.iterator().next();
  }

  private static State rest(Model model) throws Exception {
    return only(model.settle(Set.of(model.initial()), false));
  }

  private static @Nullable Way reached(Model model, State state, int member) {
    return model.reached(state, false, false)[member];
  }

  @Test
  void who_alone_has_what_it_waits_on_is_reached_by_nobody() throws Exception {
    var model = new Model(graph(List.of(LATCH), 0, member(1, Step.of(Verb.AWAIT, 0))));
    State state = rest(model);
    assertEquals(0, model.at(state, 0));
    assertNull(reached(model, state, 0));
  }

  @Test
  void a_static_field_reaches_and_lets_go() throws Exception {
    var model = new Model(graph(List.of(LATCH), 1, member(1, Step.of(Verb.AWAIT, 0))));
    State state = rest(model);
    Way way = reached(model, state, 0);
    assertNotNull(way);
    assertEquals("static field", way.root());
    assertNull(reached(model, model.withoutStatics(state), 0));
  }

  @Test
  void a_chain_is_as_alive_as_its_first() throws Exception {
    Step awaits = Step.of(Verb.AWAIT, 0);
    var chain =
        List.of(member(0b01, awaits), member(0b11, Step.of(Verb.AWAIT, 1), Step.of(Verb.COUNT, 0)));
    var leaked = new Model(graph(List.of(LATCH, LATCH), 0, chain.toArray(Member[]::new)));
    assertNull(reached(leaked, rest(leaked), 0));
    var sleeper = member(0b10, Step.of(Verb.SLEEP), Step.of(Verb.COUNT, 1));
    var alive = new Model(graph(List.of(LATCH, LATCH), 0, chain.get(0), chain.get(1), sleeper));
    State state = rest(alive);
    Way way = reached(alive, state, 0);
    assertNotNull(way);
    assertEquals(
        "timed wait -> CountDownLatch#1(1) -> g1 -> CountDownLatch#0(1) -> g0", way.path());
    State told = only(alive.settle(Set.of(state), true));
    for (int m = 0; m < 3; m++) {
      assertTrue(alive.hasEnded(told, m));
    }
  }

  @Test
  void one_value_may_come_to_either_of_two() throws Exception {
    var model =
        new Model(
            graph(
                List.of(UNBUFFERED),
                0,
                member(1, Step.send(0, Graph.NONE)),
                member(1, Step.of(Verb.RECEIVE, 0)),
                member(1, Step.of(Verb.RECEIVE, 0))));
    Set<State> states = model.settle(Set.of(model.initial()), false);
    var ends = new HashSet<String>();
    for (State state : states) {
      ends.add(model.hasEnded(state, 1) + " " + model.hasEnded(state, 2));
    }
    assertEquals(Set.of("true false", "false true"), ends);
  }

  @Test
  void what_is_sent_is_held_by_who_receives_it() throws Exception {
    var model =
        new Model(
            graph(
                List.of(UNBUFFERED, LATCH),
                0,
                member(0b11, Step.send(0, 1)),
                member(0b01, Step.of(Verb.RECEIVE, 0), Step.of(Verb.AWAIT, 1))));
    State state = rest(model);
    assertTrue(model.hasEnded(state, 0));
    assertEquals(1, model.at(state, 1));
    assertEquals(0b11, model.holds(state, 1));
  }

  @Test
  void a_lock_that_knows_its_owner_leads_to_it_and_a_mutex_does_not() throws Exception {
    for (Kind kind : List.of(Kind.REENTRANT, Kind.MUTEX)) {
      var model =
          new Model(
              graph(
                  List.of(new Thing(kind, 1), LATCH),
                  1,
                  member(0b11, Step.of(Verb.LOCK, 0), Step.of(Verb.AWAIT, 1))));
      Way way = reached(model, rest(model), 0);
      assertEquals(kind == Kind.REENTRANT, way != null);
    }
  }

  @Test
  void an_interrupt_ends_a_wait_but_not_that_for_a_reentrant_lock() throws Exception {
    for (Kind kind : List.of(Kind.REENTRANT, Kind.MUTEX)) {
      var things = List.of(new Thing(kind, 1));
      var model =
          new Model(
              graph(
                  things,
                  0,
                  member(0b001, Step.of(Verb.LOCK, 0)),
                  member(0b001, Step.of(Verb.LOCK, 0)),
                  member(0b110, Step.of(Verb.INTERRUPT, 1), Step.of(Verb.INTERRUPT, 2))));
      for (State state : model.settle(Set.of(model.initial()), false)) {
        boolean both = model.hasEnded(state, 0) && model.hasEnded(state, 1);
        assertEquals(kind == Kind.MUTEX, both);
      }
    }
  }

  @Test
  void a_closed_channel_gives_what_it_has_and_then_nothing() throws Exception {
    var channel = new Thing(Kind.CHANNEL, 1);
    var model =
        new Model(
            graph(
                List.of(channel),
                0,
                member(1, Step.send(0, Graph.NONE), Step.of(Verb.CLOSE, 0)),
                member(1, Step.of(Verb.RECEIVE, 0), Step.of(Verb.RECEIVE, 0))));
    State state = rest(model);
    assertTrue(model.hasEnded(state, 0) && model.hasEnded(state, 1));
  }

  @Test
  void a_seed_always_makes_the_same() {
    for (long seed = 0; seed < 100; seed++) {
      assertEquals(Generator.make(seed), Generator.make(seed));
    }
  }
}
