package dev.selvage.verification.interleavings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * Every scenario holds in all schedules tried, and every seeded mistake is found. {@code -Plong}
 * tries more, and {@code -Dselvage.seconds=600} for ten minutes each.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class InterleavingsTests {
  /** How long one scenario is searched at most, in seconds; and for how many schedules. */
  private static final int SECONDS = Integer.getInteger("selvage.seconds", 2);

  private static final int SCHEDULES = 100 * SECONDS;

  /** A slow machine may try fewer, but not none. */
  private static final int FEW = 10;

  /** A seeded mistake must be found in that many schedules, or seconds. */
  private static final int ENOUGH_TO_FIND = 2000;

  private static final int LONG_ENOUGH_TO_FIND = 60;

  private static final List<Class<?>> SUBJECTS =
      List.of(
          Channels.class,
          Selects.class,
          Locks.class,
          WaitGroups.class,
          Contexts.class,
          Onces.class);

  private Optional<Fray> prepared = Optional.empty();

  @BeforeAll
  void prepare() throws Exception {
    prepared = Fray.prepare();
    Assumptions.assumeTrue(
        prepared.isPresent(), "Fray's native part is published for Linux on x86-64 only");
  }

  @TestFactory
  Stream<DynamicNode> scenariosHold() {
    return SUBJECTS.stream()
        .map(
            subject ->
                dynamicContainer(
                    subject.getSimpleName(),
                    scenarios(subject)
                        .map(name -> dynamicTest(name, () -> assertHolds(subject, name)))));
  }

  private void assertHolds(Class<?> subject, String name) throws Exception {
    Fray fray = prepared.orElseThrow();
    Fray.Outcome outcome = fray.search(subject, name, SCHEDULES, SECONDS);
    // What a machine that is busy with other things does not get through in the time it may try
    // once more, for longer.
    for (int more = 5; outcome.failure().isEmpty() && outcome.schedules() < FEW && more <= 45; ) {
      outcome = fray.search(subject, name, SCHEDULES, more * SECONDS);
      more *= 3;
    }
    assertEquals("", outcome.failure().orElse(""), subject.getSimpleName() + "." + name);
    assertTrue(outcome.schedules() >= FEW, "only " + outcome.schedules() + " schedules tried");
    assertTrue(outcome.different() > 1, "all schedules were the same");
  }

  @TestFactory
  Stream<DynamicNode> seededMistakesAreFound() {
    return scenarios(Seeded.class)
        .map(
            name ->
                dynamicTest(
                    name,
                    () ->
                        assertFalse(
                            prepared
                                .orElseThrow()
                                .search(Seeded.class, name, ENOUGH_TO_FIND, LONG_ENOUGH_TO_FIND)
                                .failure()
                                .isEmpty(),
                            "not found in " + ENOUGH_TO_FIND + " schedules")));
  }

  private static Stream<String> scenarios(Class<?> subject) {
    return Stream.of(subject.getDeclaredMethods())
        .filter(m -> Modifier.isStatic(m.getModifiers()) && !Modifier.isPrivate(m.getModifiers()))
        .filter(m -> m.getParameterCount() == 0 && !m.isSynthetic())
        .map(Method::getName)
        .sorted(Comparator.naturalOrder());
  }
}
