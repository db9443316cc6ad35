package dev.selvage.diagnostics.jdk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** What an executor relies on must hold while members are hidden. */
class HidingSetTests {
  private final Set<Thread> strong = ConcurrentHashMap.newKeySet();
  private final AtomicLong interruptions = new AtomicLong();
  private final HidingSet set = new HidingSet(strong, interruptions);

  private static Thread thread() {
    return Thread.ofVirtual().unstarted(() -> {});
  }

  private static HiddenThread handle(Thread thread) {
    return Jdk.ofThisJvm().handle(thread);
  }

  @Test
  void aHiddenMemberIsStillAMember() {
    Thread a = thread();
    Thread b = thread();
    set.add(a);
    set.add(b);

    assertTrue(set.hide(a, handle(a)));

    assertEquals(Set.of(b), strong);
    assertEquals(2, set.size());
    assertTrue(set.contains(a));
    assertFalse(set.isEmpty());
    assertEquals(Set.of(a, b), new HashSet<>(set));
    List<Thread> interrupted = new ArrayList<>();
    set.forEach(interrupted::add);
    assertEquals(Set.of(a, b), new HashSet<>(interrupted));
    assertEquals(2, set.stream().count());
  }

  /** An executor walks over its threads to interrupt them, and only for that. */
  @Test
  void aWalkIsCountedBeforeItBeginsAndAListingIsNot() {
    set.add(thread());

    assertEquals(1, set.stream().count());
    assertEquals(1, set.toArray().length);
    assertEquals(1, set.size());
    assertEquals(0, interruptions.get());

    set.forEach(_ -> assertEquals(1, interruptions.get()));
    assertEquals(1, interruptions.get());
  }

  @Test
  void aSetOfAnotherCopyBelowCountsInTheSameWay() {
    AtomicLong ours = new AtomicLong();
    HidingSet above = new HidingSet(set, ours);
    Thread a = thread();
    above.add(a);
    assertTrue(set.hide(a, handle(a)));

    assertEquals(1, above.stream().count());
    assertEquals(0, interruptions.get() + ours.get());
    List<Thread> interrupted = new ArrayList<>();
    above.forEach(interrupted::add);

    assertEquals(List.of(a), interrupted);
    assertEquals(1, ours.get());
    assertEquals(1, interruptions.get());
    assertTrue(above.remove(a));
    assertTrue(set.isEmpty());
  }

  @Test
  void aHiddenMemberThatIsRemovedIsNotRestored() {
    Thread a = thread();
    set.add(a);
    set.hide(a, handle(a));
    assertFalse(set.isEmpty());

    assertTrue(set.remove(a));

    assertTrue(set.isEmpty());
    set.restore(a.threadId(), a);
    assertTrue(set.isEmpty());
    assertFalse(set.remove(a));
  }

  @Test
  void aThreadThatIsNoMemberCannotBeHidden() {
    Thread a = thread();
    assertFalse(set.hide(a, handle(a)));
    assertFalse(set.isHiding());
    set.restore(a.threadId(), a);
    assertEquals(0, set.size());
  }

  @Test
  void anIterationThatHasBegunMeetsThoseThatAreHiddenMeanwhile() {
    List<Thread> members = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      members.add(thread());
    }
    set.addAll(members);
    Set<Thread> met = new HashSet<>();

    Iterator<Thread> iterator = set.iterator();
    met.add(iterator.next());
    members.forEach(member -> set.hide(member, handle(member)));
    iterator.forEachRemaining(met::add);

    assertEquals(Set.copyOf(members), met);
  }

  @Test
  void nothingIsHiddenWhileSomebodyMayWalkOverTheSetBelow() {
    Thread a = thread();
    set.add(a);
    set.busy(true);
    assertFalse(set.hide(a, handle(a)));
    assertEquals(Set.of(a), strong);
    set.busy(false);
    assertTrue(set.hide(a, handle(a)));
  }

  @Test
  void whoIsTakenIsAMemberByTheHandleAndCanGetAnother() {
    Thread a = thread();
    Thread b = thread();
    Thread stranger = thread();
    set.add(b);
    set.take(a, handle(a));
    List<Thread> listed = new ArrayList<>();

    set.forEachListed(listed::add);
    assertEquals(List.of(b), listed);
    assertEquals(Set.of(a, b), set.stream().collect(java.util.stream.Collectors.toSet()));
    assertEquals(0, interruptions.get());
    set.again(a, handle(a));
    set.again(b, handle(b)); // as if another copy had held it again
    set.again(stranger, handle(stranger));
    assertEquals(Set.of(), strong);
    assertEquals(2, set.size());
    assertTrue(set.remove(a));
    set.again(a, handle(a));
    assertEquals(1, set.size());
  }

  @Test
  void theIteratorRemoves() {
    Thread a = thread();
    Thread b = thread();
    set.add(a);
    set.add(b);
    set.hide(b, handle(b));

    set.clear();

    assertTrue(set.isEmpty());
    assertEquals(0, set.size());
  }

  @Test
  void itNeverLooksEmptyWhileMembersMove() throws InterruptedException {
    Thread member = thread();
    set.add(member);
    AtomicBoolean stop = new AtomicBoolean();
    AtomicInteger empty = new AtomicInteger();
    Thread asker =
        Thread.ofPlatform()
            .start(
                () -> {
                  while (!stop.get()) {
                    if (set.isEmpty() || set.size() != 1 || !set.contains(member)) {
                      empty.incrementAndGet();
                    }
                  }
                });
    HiddenThread handle = handle(member);
    for (int i = 0; i < 100_000; i++) {
      set.hide(member, handle);
      set.restore(member.threadId(), member);
    }
    stop.set(true);
    asker.join();
    assertEquals(0, empty.get());
  }
}
