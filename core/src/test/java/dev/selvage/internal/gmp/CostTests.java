package dev.selvage.internal.gmp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.FieldModel;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.AccessFlag;
import java.lang.reflect.Method;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a hand-over and a yield cost, counted, which does not depend on the machine: it stays the
 * same from ten goroutines to very many, and from 2 Ps to 64. {@code -Dselvage.costs=true} prints
 * the table of ADR 0011, with a million goroutines.
 */
class CostTests {
  private static final boolean PRINTS = Boolean.getBoolean("selvage.costs");

  /** What is counted, for one turn. */
  private record Cost(
      double atomics,
      double fences,
      double queueOperations,
      double wakes,
      double steals,
      double stolen,
      double longest) {}

  /** The scheduler's classes, and {@link Costs}, changed so that they count. */
  private static final class Counting extends ChangedClasses {
    private static final ClassDesc COSTS = ClassDesc.of(Costs.class.getName());
    private static final Set<String> QUEUE =
        Set.of(
            "Processor.offer",
            "Processor.overflow",
            "Processor.poll",
            "Processor.setNextLazily",
            "Processor.stealInto",
            "Processor.stealNext",
            "Processor.swapNext",
            "Processor.takeNext",
            "GlobalQueue.add",
            "GlobalQueue.take");

    /** The names of volatile fields. */
    private final Set<String> written = new HashSet<>();

    Counting() {
      for (String type :
          List.of(
              "GmpState",
              "Gmp",
              "ProcessorHead",
              "ProcessorTail",
              "Processor",
              "GlobalQueueHead",
              "GlobalQueueTail",
              "GlobalQueue",
              "Batch",
              "Machine")) {
        for (FieldModel field : ClassFile.of().parse(bytes(type)).fields()) {
          if (field.flags().has(AccessFlag.VOLATILE)) {
            written.add(field.fieldName().stringValue());
          }
        }
      }
    }

    @Override
    ClassTransform change(String type) {
      return ClassTransform.transformingMethodBodies(this::count);
    }

    private void count(CodeBuilder code, CodeElement element) {
      String what = counted(element);
      if (!what.isEmpty()) {
        code.invokestatic(COSTS, what, MethodTypeDesc.of(ConstantDescs.CD_void));
      }
      code.with(element);
    }

    private String counted(CodeElement element) {
      if (element instanceof InvokeInstruction call) {
        String owner = call.owner().asInternalName();
        String name = call.name().stringValue();
        if (owner.equals("java/lang/invoke/VarHandle")) {
          if (name.startsWith("getAnd") || name.startsWith("compareAnd")) {
            return "atomic";
          }
          return name.equals("fullFence") ? "fence" : "";
        }
        String simple = owner.substring(owner.lastIndexOf('/') + 1) + "." + name;
        return QUEUE.contains(simple) ? "queue" : "";
      }
      return element instanceof FieldInstruction field
              && field.opcode() == java.lang.classfile.Opcode.PUTFIELD
              && written.contains(field.name().stringValue())
          ? "fence"
          : "";
    }
  }

  private static final Method COUNT = counting();

  private static Method counting() {
    try {
      Method count =
          new Counting()
              .loadClass(Costs.class.getName())
              .getDeclaredMethod("count", int.class, int.class, int.class, boolean.class);
      count.setAccessible(true);
      return count;
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private static Cost count(int goroutines, int procs, boolean yield)
      throws ReflectiveOperationException {
    int each = Math.max(4, 200_000 / goroutines);
    long[] counted = (long[]) COUNT.invoke(null, goroutines, procs, each, yield);
    double turns = counted[0];
    assertEquals((long) goroutines * each + 1, counted[0], "turns");
    return new Cost(
        counted[1] / turns,
        counted[2] / turns,
        counted[3] / turns,
        counted[4] / turns,
        counted[5] / turns,
        counted[6] / turns,
        (double) counted[7] / goroutines);
  }

  /** How many goroutines; the million only when the table is asked for, since it takes a while. */
  private static int[] many() {
    return PRINTS ? new int[] {10, 1_000, 100_000, 1_000_000} : new int[] {10, 1_000, 100_000};
  }

  private static void print(boolean yield, int goroutines, int procs, Cost cost) {
    if (PRINTS) {
      System.out.printf(
          Locale.ROOT,
          "| %s | %,d | %d | %.2f | %.2f | %.2f | %.4f | %.4f | %.4f | %.1f |%n",
          yield ? "yield" : "hand-over",
          goroutines,
          procs,
          cost.atomics,
          cost.fences,
          cost.queueOperations,
          cost.wakes,
          cost.steals,
          cost.stolen,
          cost.longest);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 16, 64})
  void aHandOverCostsTheSameHoweverManyThereAre(int procs) throws Exception {
    for (int goroutines : many()) {
      Cost cost = count(goroutines, procs, false);
      print(false, goroutines, procs, cost);
      String all = goroutines + " goroutines, " + cost;
      assertTrue(cost.atomics <= 2.25, all); // into runnext, and out of it
      assertTrue(cost.fences <= 0.25, all);
      assertTrue(cost.wakes <= 0.001, all);
      assertTrue(cost.stolen <= 0.1, all);
      // Those that look for work look into the queues of all others: more Ps, more looks.
      assertTrue(cost.queueOperations <= 3 + procs / 8.0, all);
      // A pair runs 1024 times in a row at most, then all the others have their turns.
      assertTrue(cost.longest * goroutines <= 512L * goroutines + 1024L * procs, all);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 16, 64})
  void whoGivesWayWaitsForTheOthersOnce(int procs) throws Exception {
    for (int goroutines : many()) {
      Cost cost = count(goroutines, procs, true);
      print(true, goroutines, procs, cost);
      String all = goroutines + " goroutines, " + cost;
      assertTrue(cost.atomics <= 6.25, all); // by the global queue, where not all are in a ring
      assertTrue(cost.fences <= 1.1, all);
      assertTrue(cost.wakes <= 0.001, all);
      assertTrue(cost.stolen <= 1, all);
      // For each of the others once; and for what was in the rings of those that were quicker.
      assertTrue(cost.longest * goroutines <= goroutines + 256L * procs, all);
    }
  }
}
