package dev.selvage.diagnostics;

import dev.selvage.diagnostics.cores.Cores;
import dev.selvage.observe.WaitReason;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * One virtual thread at one moment.
 *
 * @param id the thread's {@link Thread#threadId()}
 * @param name its name; empty for most virtual threads
 * @param waitReason why it does not run; {@link WaitReason#NONE} when it runs or is queued to run
 * @param waitSeconds for how long it is known to wait in this place (a lower bound, which is close
 *     where it waits in an operation of Selvage); empty where not known
 * @param waitObjects what it waits on, as {@code chan(0/0)}, where it waits in an operation of
 *     Selvage; empty where not known
 * @param leaked whether it has been proven that it can never run again
 * @param container where the JDK lists it: {@code <root>}, an executor or a scope
 * @param stack its frames, leaf first; empty when it had none or has just ended
 * @param labels what it works for ({@code Go.labelled}), by key; empty for most
 * @param usage what it has used, and who started it; {@link Usage#UNKNOWN} unless that was counted
 */
public record GoroutineInfo(
    long id,
    String name,
    WaitReason waitReason,
    OptionalLong waitSeconds,
    List<String> waitObjects,
    boolean leaked,
    String container,
    List<StackTraceElement> stack,
    Map<String, String> labels,
    Usage usage) {

  /**
   * What a goroutine has used, as far as that was counted ({@code Scheduler.countUsage}).
   *
   * @param cpuNanos processor time since counting began; empty if nothing was counted
   * @param startedBy the identifier of the thread that started it; empty if it was started before
   * @param startedAt the line that did; empty if that is not known
   */
  public record Usage(
      OptionalLong cpuNanos, OptionalLong startedBy, Optional<StackTraceElement> startedAt) {
    /** What the copy of the language that the thread is of says; does not block. */
    public static Usage of(Thread thread) {
      Cores.Usage usage = Cores.usage(thread);
      return usage.cpuNanos().isEmpty()
          ? UNKNOWN
          : new Usage(usage.cpuNanos(), usage.startedBy(), usage.startedAt());
    }

    /** Nothing was counted. */
    public static final Usage UNKNOWN =
        new Usage(OptionalLong.empty(), OptionalLong.empty(), Optional.empty());
  }

  public GoroutineInfo {
    waitObjects = List.copyOf(waitObjects);
    stack = List.copyOf(stack);
    labels = Map.copyOf(labels);
  }

  /** One of which nobody knows what it has used. */
  public GoroutineInfo(
      long id,
      String name,
      WaitReason waitReason,
      OptionalLong waitSeconds,
      List<String> waitObjects,
      boolean leaked,
      String container,
      List<StackTraceElement> stack,
      Map<String, String> labels) {
    this(
        id,
        name,
        waitReason,
        waitSeconds,
        waitObjects,
        leaked,
        container,
        stack,
        labels,
        Usage.UNKNOWN);
  }

  /** One without labels, of which nobody knows what it waits on. */
  public GoroutineInfo(
      long id,
      String name,
      WaitReason waitReason,
      OptionalLong waitSeconds,
      boolean leaked,
      String container,
      List<StackTraceElement> stack) {
    this(id, name, waitReason, waitSeconds, List.of(), leaked, container, stack, Map.of());
  }
}
