package dev.selvage.diagnostics.growth;

import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ConstantDesc;
import java.lang.constant.DirectMethodHandleDesc;
import java.lang.reflect.AccessFlag;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Finds the lines that hand tasks of one class to a scheduler or an executor, in the class files of
 * that class's package. Reads class files, so it takes some milliseconds.
 */
final class ScheduleSites {
  private static final int TASK = 1;
  private static final int MOST_CLASSES = 400;

  private final String taskClass;
  private final boolean lambda;
  private final List<String> captured;
  private final Predicate<String> hands;
  private final Set<String> bodies;
  private final Set<String> sites = new LinkedHashSet<>();

  private ScheduleSites(
      String taskClass,
      boolean lambda,
      List<String> captured,
      Predicate<String> hands,
      Set<String> bodies) {
    this.taskClass = taskClass.replace('.', '/');
    this.lambda = lambda;
    this.captured = captured;
    this.hands = hands;
    this.bodies = bodies;
  }

  /** The types that a lambda captures, as in a class file; none of any other class. */
  static List<String> captured(Class<?> type) {
    if (!type.isHidden()) {
      return List.of();
    }
    List<String> types = new ArrayList<>();
    for (Field field : type.getDeclaredFields()) {
      if (!Modifier.isStatic(field.getModifiers())) {
        types.add(field.getType().descriptorString());
      }
    }
    return List.copyOf(types);
  }

  /**
   * The lines in classes of the task's package that give such a task to an executor.
   *
   * @param bodies methods of the task's class that such tasks were seen in: of several lambdas
   *     those are meant, if any of them is there
   */
  static List<String> submits(Class<?> task, Class<?>[] loaded, Set<String> bodies) {
    Predicate<String> hands = Set.of("execute", "submit", "runAsync", "supplyAsync")::contains;
    List<String> seen =
        bodies.isEmpty() ? List.of() : find(task, captured(task), loaded, hands, bodies);
    return seen.isEmpty() ? find(task, captured(task), loaded, hands, Set.of()) : seen;
  }

  /**
   * The lines in classes of the task's package.
   *
   * @param task the class of the task: of the program, or a lambda of one of its classes
   * @param captured the types that a lambda captures, as in a class file
   */
  static List<String> find(Class<?> task, List<String> captured, Class<?>[] loaded) {
    return find(task, captured, loaded, name -> name.startsWith("schedule"), Set.of());
  }

  private static List<String> find(
      Class<?> task,
      List<String> captured,
      Class<?>[] loaded,
      Predicate<String> hands,
      Set<String> bodies) {
    String definer = Names.definer(task);
    ScheduleSites search = new ScheduleSites(definer, task.isHidden(), captured, hands, bodies);
    String simple = definer.substring(definer.lastIndexOf('.') + 1);
    int read = 0;
    for (Class<?> type : loaded) {
      if (type.getClassLoader() == task.getClassLoader()
          && type.getPackageName().equals(task.getPackageName())
          && read < MOST_CLASSES) {
        read++;
        ClassFiles.bytes(type)
            .filter(bytes -> ClassFiles.mentions(bytes, simple))
            .flatMap(ClassFiles::parse)
            .ifPresent(search::look);
      }
    }
    return List.copyOf(search.sites);
  }

  private void look(ClassModel type) {
    for (MethodModel method : type.methods()) {
      int count =
          method.methodTypeSymbol().parameterCount()
              + (method.flags().has(AccessFlag.STATIC) ? 0 : 1);
      int[] parameters = new int[count];
      if (!method.flags().has(AccessFlag.STATIC)
          && type.thisClass().asInternalName().equals(taskClass)
          && !lambda) {
        parameters[0] = TASK;
      }
      new Tracker(type, method).run(method, parameters);
    }
  }

  private final class Tracker extends Flow {
    private final ClassModel type;
    private final MethodModel method;

    Tracker(ClassModel type, MethodModel method) {
      this.type = type;
      this.method = method;
    }

    @Override
    int onRead(FieldInstruction field) {
      return 0;
    }

    @Override
    void onWrite(FieldInstruction field, int marks) {
      // A task that is kept in a field and scheduled later is not followed.
    }

    @Override
    int onCall(InvokeInstruction call, int[] arguments) {
      int receiver = call.opcode() == Opcode.INVOKESTATIC ? 0 : 1;
      if (hands.test(call.name().stringValue())
          && Arrays.stream(arguments).skip(receiver).anyMatch(marks -> marks != 0)) {
        sites.add(ClassFiles.site(type, method.methodName().stringValue(), line()));
      }
      return 0;
    }

    @Override
    int onDynamic(InvokeDynamicInstruction call, int[] arguments) {
      if (!lambda
          || !type.thisClass().asInternalName().equals(taskClass)
          || !captured.equals(
              call.typeSymbol().parameterList().stream()
                  .map(java.lang.constant.ClassDesc::descriptorString)
                  .toList())) {
        return 0;
      }
      for (ConstantDesc constant : call.bootstrapArgs()) {
        if (constant instanceof DirectMethodHandleDesc body
            && (bodies.isEmpty() || bodies.contains(body.methodName()))) {
          return TASK;
        }
      }
      return 0;
    }

    @Override
    int onNew(String internalName) {
      return !lambda && internalName.equals(taskClass) ? TASK : 0;
    }

    @Override
    void onReturn(int marks) {
      // Nor is one that another method makes.
    }
  }
}
