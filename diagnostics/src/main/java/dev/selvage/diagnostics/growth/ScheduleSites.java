package dev.selvage.diagnostics.growth;

import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ConstantDesc;
import java.lang.constant.DirectMethodHandleDesc;
import java.lang.reflect.AccessFlag;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Finds the lines that hand tasks of one class to a scheduler, in the class files of that class's
 * package. Reads class files, so it takes some milliseconds.
 */
final class ScheduleSites {
  private static final int TASK = 1;
  private static final int MOST_CLASSES = 400;

  private final String taskClass;
  private final boolean lambda;
  private final List<String> captured;
  private final Set<String> sites = new LinkedHashSet<>();

  private ScheduleSites(String taskClass, boolean lambda, List<String> captured) {
    this.taskClass = taskClass.replace('.', '/');
    this.lambda = lambda;
    this.captured = captured;
  }

  /**
   * The lines in classes of the task's package.
   *
   * @param task the class of the task: of the program, or a lambda of one of its classes
   * @param captured the types that a lambda captures, as in a class file
   */
  static List<String> find(Class<?> task, List<String> captured, Class<?>[] loaded) {
    String definer = Names.definer(task);
    ScheduleSites search = new ScheduleSites(definer, task.isHidden(), captured);
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
      if (call.name().stringValue().startsWith("schedule")
          && Arrays.stream(arguments).skip(1).anyMatch(marks -> marks != 0)) {
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
        if (constant instanceof DirectMethodHandleDesc) {
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
