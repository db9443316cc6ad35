package dev.selvage.diagnostics.growth;

import dev.selvage.diagnostics.Frames;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeElement;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LineNumber;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Finds the lines that can make an executor of some class again and again, in the class files of
 * the program. Reads class files, so it takes some milliseconds.
 */
final class PoolSites {
  private static final int MOST_SITES = 5;
  private static final long LONGEST_NANOS = 400_000_000;
  private static final String EXECUTORS = "java/util/concurrent/Executors";

  private static final Set<String> PLAIN = Set.of("newFixedThreadPool", "newSingleThreadExecutor");
  private static final Set<String> SCHEDULED =
      Set.of("newScheduledThreadPool", "newSingleThreadScheduledExecutor");

  private PoolSites() {}

  /**
   * The lines, at most a few: those of the class that has the thread factory, if there are any
   * there, and otherwise all. A line in a static initialiser makes one only, and is none of them.
   *
   * @param pool the class of the executors
   * @param factory the class of their thread factory
   */
  static List<String> find(String pool, String factory, Class<?>[] loaded) {
    String definer = factory.endsWith("$$Lambda") ? factory.substring(0, factory.length() - 8) : "";
    Set<String> near = new LinkedHashSet<>();
    Set<String> all = new LinkedHashSet<>();
    Budget budget = new Budget(LONGEST_NANOS);
    String made = pool.replace('.', '/');
    Set<String> methods =
        switch (pool) {
          case "java.util.concurrent.ThreadPoolExecutor" -> PLAIN;
          case "java.util.concurrent.ScheduledThreadPoolExecutor" -> SCHEDULED;
          default -> Set.of();
        };
    for (Class<?> type : loaded) {
      if (budget.isSpent()) {
        break;
      }
      if (Names.isJdk(type) || Frames.isSelvage(type.getName())) {
        continue;
      }
      Optional<ClassModel> model =
          ClassFiles.bytes(type)
              .filter(b -> ClassFiles.mentions(b, EXECUTORS) || ClassFiles.mentions(b, made))
              .flatMap(ClassFiles::parse);
      if (model.isPresent()) {
        Set<String> to = type.getName().equals(definer) ? near : all;
        for (MethodModel method : model.get().methods()) {
          look(model.get(), method, made, methods, to);
        }
      }
    }
    return (near.isEmpty() ? all : near).stream().sorted().limit(MOST_SITES).toList();
  }

  private static void look(
      ClassModel type, MethodModel method, String made, Set<String> methods, Set<String> sites) {
    if (method.methodName().equalsString("<clinit>") || method.code().isEmpty()) {
      return;
    }
    // A subclass calls the constructor of its superclass: it is made where the subclass is.
    boolean isSubclass = type.superclass().filter(s -> s.asInternalName().equals(made)).isPresent();
    int line = 0;
    for (CodeElement element : method.code().get()) {
      if (element instanceof LineNumber number) {
        line = number.line();
      } else if (element instanceof InvokeInstruction call) {
        String owner = call.owner().asInternalName();
        String name = call.name().stringValue();
        boolean byFactory =
            call.opcode() == Opcode.INVOKESTATIC
                && owner.equals(EXECUTORS)
                && methods.contains(name);
        boolean byConstructor = owner.equals(made) && name.equals("<init>") && !isSubclass;
        if (byFactory || byConstructor) {
          sites.add(ClassFiles.site(type, method.methodName().stringValue(), line));
        }
      }
    }
  }
}
