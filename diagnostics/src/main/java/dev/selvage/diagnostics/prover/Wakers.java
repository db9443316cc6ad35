package dev.selvage.diagnostics.prover;

import dev.selvage.diagnostics.Frames;
import dev.selvage.diagnostics.cores.Cores;
import dev.selvage.diagnostics.jdk.Jdk;
import dev.selvage.diagnostics.jdk.Jdk.Activity;
import dev.selvage.diagnostics.jdk.LockQueues;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * What threads that leak wait on, who last could have woken them, and what has become of that one;
 * as far as it is known. For a few threads of each finding.
 */
final class Wakers {
  /*
   * Nothing here is a proof, and nothing is a guess. What is said of a thread is what the object
   * that it waits on has noted, or what the JDK has in a field; and where that thread is now is
   * looked up. A note is a number. Whoever no list has under that number is gone: it has ended, or a
   * collection took it away. While somebody goes over the lists a thread may be between two of them,
   * so it is looked for twice.
   *
   * All threads are gone over only if some are looked for, and then once for all findings, however
   * many threads those have; and once more if some were not found, as who has ended never is.
   */

  /** How many threads of a finding are asked. */
  static final int MOST = 8;

  private static final int MAX_MEMBERS = 3;
  private static final int MAX_SENTENCES = 6;

  private final Jdk jdk;
  private final @Nullable LockQueues queues;
  private final LongFunction<@Nullable String> leaksAt;

  // what is looked for
  private final Map<Long, @Nullable Thread> wanted = new HashMap<>();
  private final IdentityHashMap<Object, @Nullable Thread> ends = new IdentityHashMap<>();
  private final IdentityHashMap<Object, Members> groups = new IdentityHashMap<>();

  /** Some goroutines of a group, and how many there are. */
  private static final class Members {
    final List<Thread> some = new ArrayList<>();
    int count;
  }

  /**
   * Something that is known.
   *
   * @param what what is waited on
   * @param did words that the name of a thread follows
   * @param thread its identifier; 0 for nobody
   * @param end instead of that: the latch of the end of the thread that is waited for
   * @param group instead of that: the mark of a group
   */
  private record Fact(
      String what, String did, long thread, @Nullable Object end, @Nullable Object group) {}

  /** What is known of one thread. */
  private record Facts(Thread thread, List<Fact> facts, OptionalLong startedBy) {}

  /**
   * Something to be said.
   *
   * @param kind what it has in common with what is said of other threads
   */
  private record Sentence(String text, String kind) {}

  private Wakers(Jdk jdk, @Nullable LockQueues queues, LongFunction<@Nullable String> leaksAt) {
    this.jdk = jdk;
    this.queues = queues;
    this.leaksAt = leaksAt;
  }

  /**
   * What can be said.
   *
   * @param queues null where they cannot be read
   * @param leaksAt where a thread is that is proven to be leaked, by its identifier; null if it is
   *     not
   * @param findings some threads of each finding, none for one of which nothing is to be said
   * @return evidence for each of them, in their order
   */
  static List<Map<String, Object>> of(
      Jdk jdk,
      @Nullable LockQueues queues,
      LongFunction<@Nullable String> leaksAt,
      List<List<Thread>> findings) {
    return new Wakers(jdk, queues, leaksAt).of(findings);
  }

  private List<Map<String, Object>> of(List<List<Thread>> findings) {
    List<List<Facts>> facts = new ArrayList<>();
    for (List<Thread> threads : findings) {
      facts.add(
          threads.subList(0, Math.min(MOST, threads.size())).stream().map(this::facts).toList());
    }
    find();
    List<Map<String, Object>> evidence = new ArrayList<>();
    facts.forEach(each -> evidence.add(evidence(each)));
    return evidence;
  }

  // ------------------------------------------------------------------ what is known

  private Facts facts(Thread thread) {
    List<Fact> facts = new ArrayList<>();
    Object blocker = LockSupport.getBlocker(thread);
    if (blocker != null) {
      add(thread, blocker, facts);
    }
    OptionalLong startedBy = Cores.usage(thread).startedBy();
    startedBy.ifPresent(this::want);
    return new Facts(thread, facts, startedBy);
  }

  private void add(Thread thread, Object blocker, List<Fact> facts) {
    LockQueues known = queues;
    if (LockQueues.isLock(blocker)) {
      // Who reads is told also to one that waits to read, behind a writer: it has the lock.
      Thread holder = known == null ? null : known.holder(blocker, null);
      if (holder != null) {
        facts.add(of(LockQueues.text(blocker), "held by", holder));
      }
    } else if (LockQueues.isLatch(blocker)) {
      ends.put(blocker, null);
      facts.add(new Fact("", "the end of", 0, blocker, null));
    } else if (LockQueues.isTask(blocker)) {
      Thread runner = known == null ? null : known.runner(blocker);
      if (runner != null) {
        facts.add(of(LockQueues.text(blocker), "run by", runner));
      }
    } else {
      addOwn(thread, blocker, facts);
    }
  }

  private void addOwn(Thread thread, Object blocker, List<Fact> facts) {
    Cores.Obstacle obstacle = Cores.obstacle(thread, blocker);
    if (obstacle != null && obstacle.group() != null) {
      groups.computeIfAbsent(obstacle.group(), _ -> new Members());
      facts.add(new Fact(obstacle.what(), obstacle.by(), 0, null, obstacle.group()));
    } else if (obstacle != null) {
      want(obstacle.thread());
      facts.add(new Fact(obstacle.what(), obstacle.by(), obstacle.thread(), null, null));
    }
    for (Cores.LastActor actor : Cores.lastActors(thread, blocker)) {
      if (actor.thread() != 0) {
        want(actor.thread());
      }
      facts.add(new Fact(actor.what(), actor.did(), actor.thread(), null, null));
    }
  }

  private Fact of(String what, String did, Thread thread) {
    wanted.put(thread.threadId(), thread);
    return new Fact(what, did, thread.threadId(), null, null);
  }

  private void want(long id) {
    wanted.putIfAbsent(id, null);
  }

  // ------------------------------------------------------------------ where they are

  /** Goes over the threads, as long as somebody is left to be found. */
  private void find() {
    if (isAnyMissing()) {
      jdk.platformThreads().forEach(this::note);
    }
    if (isAnyMissing() || ends.containsValue(null) || !groups.isEmpty()) {
      jdk.forEachThread(
          thread -> {
            note(thread);
            noteEnd(thread);
            noteMember(thread);
          });
    }
    if (isAnyMissing()) { // they may have been between two lists
      jdk.platformThreads().forEach(this::note);
      jdk.forEachThread(
          thread -> {
            note(thread);
            noteEnd(thread);
          });
    }
  }

  private boolean isAnyMissing() {
    return wanted.containsValue(null);
  }

  private void note(Thread thread) {
    Long id = thread.threadId();
    if (wanted.containsKey(id)) {
      wanted.put(id, thread);
    }
  }

  private void noteEnd(Thread thread) {
    Object end = ends.isEmpty() || queues == null ? null : queues.terminationOf(thread);
    if (end != null && ends.containsKey(end)) {
      ends.put(end, thread);
    }
  }

  private void noteMember(Thread thread) {
    Object mark = groups.isEmpty() ? null : Cores.countedBy(thread);
    Members members = mark == null ? null : groups.get(mark);
    if (members != null && members.count++ < MAX_MEMBERS) {
      members.some.add(thread);
    }
  }

  // ------------------------------------------------------------------ what is said

  private Map<String, Object> evidence(List<Facts> threads) {
    Map<String, Object> evidence = new LinkedHashMap<>();
    List<Sentence> shown = List.of();
    int alike = 0;
    for (Facts each : threads) {
      List<Sentence> sentences = sentences(each);
      if (shown.isEmpty()) {
        shown = sentences;
      }
      alike += !shown.isEmpty() && kinds(sentences).equals(kinds(shown)) ? 1 : 0;
    }
    if (!shown.isEmpty()) {
      List<String> texts = new ArrayList<>();
      for (Sentence sentence : shown.subList(0, Math.min(MAX_SENTENCES, shown.size()))) {
        texts.add(sentence.text());
      }
      if (shown.size() > MAX_SENTENCES) {
        texts.add("and " + (shown.size() - MAX_SENTENCES) + " more");
      }
      evidence.put("waitsOn", texts);
      if (threads.size() > 1) {
        evidence.put("waitsOnAlike", alike);
        evidence.put("waitsOnLookedAt", threads.size());
      }
    }
    for (Facts each : threads) {
      if (each.startedBy().isPresent()) {
        long id = each.startedBy().getAsLong();
        evidence.put("startedBy", who(each, id, wanted.get(id)).text());
        break;
      }
    }
    return evidence;
  }

  private static List<String> kinds(List<Sentence> sentences) {
    return sentences.stream().map(Sentence::kind).toList();
  }

  private List<Sentence> sentences(Facts of) {
    List<Sentence> sentences = new ArrayList<>();
    boolean anyMember = false;
    for (Fact fact : of.facts()) {
      Object end = fact.end();
      Members members = fact.group() == null ? null : groups.get(fact.group());
      if (end != null) {
        Thread joined = ends.get(end);
        if (joined != null) {
          sentences.add(sentence(fact, who(of, joined.threadId(), joined)));
        }
      } else if (members != null) {
        anyMember = members.count > 0;
        members.some.forEach(
            member -> sentences.add(sentence(fact, who(of, member.threadId(), member))));
        int more = members.count - members.some.size();
        if (more > 0) {
          sentences.add(new Sentence("and " + more + " more", "more"));
        }
      } else if (fact.thread() != 0 || !anyMember) {
        Sentence who =
            fact.thread() == 0
                ? new Sentence("nobody so far", "nobody")
                : who(of, fact.thread(), wanted.get(fact.thread()));
        sentences.add(sentence(fact, who));
      }
    }
    return sentences;
  }

  private static Sentence sentence(Fact fact, Sentence who) {
    String lead = fact.what().isEmpty() ? fact.did() : fact.what() + ", " + fact.did();
    return new Sentence(
        lead
            + (fact.thread() == 0 && fact.group() == null && fact.end() == null ? ": " : " ")
            + who.text(),
        fact.did() + " " + who.kind());
  }

  /** A thread, and where it is; null for one that is not there. */
  private Sentence who(Facts of, long id, @Nullable Thread thread) {
    if (id == of.thread().threadId()) {
      return new Sentence("this thread itself", "itself");
    }
    if (thread == null) {
      return new Sentence("#" + id + ", which is gone", "gone");
    }
    String place = place(id, thread);
    return new Sentence(Circle.name(thread) + ", which " + place, place);
  }

  private String place(long id, Thread thread) {
    String leaksAt = this.leaksAt.apply(id);
    if (leaksAt != null) {
      return "leaks itself" + leaksAt;
    }
    if (!thread.isAlive()) {
      return "has ended";
    }
    boolean runs =
        thread.isVirtual()
            ? jdk.activity(thread) == Activity.RUNNABLE
            : thread.getState() == Thread.State.RUNNABLE;
    return runs ? "runs" : "waits" + at(List.of(jdk.stack(thread)));
  }

  /** As {@code at com.acme.Order.quote(Order.java:57)}; empty for code of the JDK only. */
  static String at(List<StackTraceElement> stack) {
    String site = Frames.site(stack);
    return site == null ? "" : " at " + site;
  }
}
