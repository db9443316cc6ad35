package dev.selvage.diagnostics.growth;

import dev.selvage.diagnostics.Frames;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ConstantDesc;
import java.lang.constant.DirectMethodHandleDesc;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the lines that put into a field's map or collection, in the class files of the classes that
 * can reach that field. Reads class files, so it takes some milliseconds; one thread at a time.
 */
final class PutSites {
  /*
   * The value of the field carries a mark through the code (Flow). TARGET marks the container
   * itself, OUTER something that has it as an element. Marks pass on to other methods through
   * arguments, results and further fields, so the classes are gone through again until nothing new
   * is marked, at most ROUNDS times.
   *
   * Classes are looked at in widening circles: the nest and the package of the declaring class;
   * then, only when no line was found and the field or a method that hands it out is visible
   * further, every other class of the program that mentions it.
   */
  private static final int TARGET = 1;
  private static final int OUTER = 2;
  private static final int ROUNDS = 4;
  private static final int MOST_CLASSES = 400;
  private static final long LONGEST_NANOS = 400_000_000;

  private static final Set<String> PUTS =
      Set.of(
          "compute",
          "computeIfAbsent",
          "merge",
          "push",
          "enqueue",
          "append",
          "insert",
          "insertElementAt",
          "register",
          "subscribe",
          "transfer",
          "tryTransfer");

  private static final Set<String> TAKES =
      Set.of("clear", "pop", "take", "drainTo", "retainAll", "computeIfPresent", "expungeStale");

  private static final Set<String> SAME_CONTAINER =
      Set.of(
          "asMap",
          "synchronizedMap",
          "synchronizedSet",
          "synchronizedList",
          "synchronizedCollection",
          "newSetFromMap",
          "requireNonNull",
          "keySet",
          "reversed");

  /**
   * The field that is asked about.
   *
   * @param declaring the class that declares it
   * @param descriptor its type as in a class file
   * @param elements whether the container is an element of what the field holds
   */
  record Target(Class<?> declaring, String name, String descriptor, boolean elements) {}

  /**
   * What was found, each list without repetition.
   *
   * @param puts lines that put, those outside class initialisers first
   * @param takes lines that may take something out
   * @param createdAt the line that sets the field first; null where not known
   * @param complete whether all code that can reach the field was seen
   */
  record Found(
      List<String> puts, List<String> takes, @Nullable String createdAt, boolean complete) {}

  private final Class<?>[] loaded;

  PutSites(Class<?>[] loaded) {
    this.loaded = loaded;
  }

  Found find(Target target) {
    return new Search(target).run();
  }

  private final class Search {
    private final Target target;
    private final Map<String, Class<?>> loadedByName = new HashMap<>();
    private final Map<String, ClassModel> scope = new HashMap<>();
    private final List<ClassModel> ordered = new ArrayList<>();
    private final Map<String, Integer> fields = new HashMap<>();
    private final Map<String, Integer> results = new HashMap<>();
    private final Map<String, int[]> parameters = new HashMap<>();
    private final Set<String> puts = new LinkedHashSet<>();
    private final Set<String> initialPuts = new LinkedHashSet<>();
    private final Set<String> takes = new LinkedHashSet<>();
    private @Nullable String createdAt;
    private boolean changed;
    private boolean readable = true;
    private final Budget budget = new Budget(LONGEST_NANOS);

    Search(Target target) {
      this.target = target;
    }

    Found run() {
      ClassLoader loader = target.declaring().getClassLoader();
      for (Class<?> type : loaded) {
        if (type.getClassLoader() == loader && !type.isHidden() && !type.isArray()) {
          loadedByName.put(type.getName().replace('.', '/'), type);
        }
      }
      boolean complete = nestAndPackage();
      solve();
      boolean hidden = Modifier.isPrivate(modifiers()) && results.isEmpty();
      if (puts.isEmpty() && initialPuts.isEmpty() && !hidden) {
        everywhere();
        solve();
      }
      List<String> all = new ArrayList<>(puts);
      all.addAll(initialPuts);
      return new Found(all, List.copyOf(takes), createdAt, complete && hidden && readable);
    }

    private int modifiers() {
      try {
        return target.declaring().getDeclaredField(target.name()).getModifiers();
      } catch (NoSuchFieldException | LinkageError e) {
        // Not told: taken as visible to all.
        return Modifier.PUBLIC;
      }
    }

    private boolean nestAndPackage() {
      Class<?> declaring = target.declaring();
      add(declaring, "");
      Class<?> host = declaring.getNestHost();
      List<Class<?>> others = new ArrayList<>();
      for (Class<?> type : loadedByName.values()) {
        if (type != declaring && type.getPackageName().equals(declaring.getPackageName())) {
          if (nestName(type).equals(host.getName())) {
            add(type, "");
          } else {
            others.add(type);
          }
        }
      }
      others.sort(java.util.Comparator.comparing(Class::getName));
      for (Class<?> type : others) {
        if (scope.size() >= MOST_CLASSES || budget.isSpent()) {
          return false;
        }
        add(type, "");
      }
      return true;
    }

    /** The top-level class by name: asking the JVM for a nest host may load classes. */
    private static String nestName(Class<?> type) {
      String name = type.getName();
      int dollar = name.indexOf('$', name.lastIndexOf('.') + 2);
      return dollar < 0 ? name : name.substring(0, dollar);
    }

    private void everywhere() {
      Set<String> words = new HashSet<>();
      words.add(target.name());
      for (String method : results.keySet()) {
        words.add(method.substring(method.indexOf('.') + 1, method.indexOf('(')));
      }
      for (Class<?> type : loaded) {
        if (budget.isSpent() || scope.size() >= MOST_CLASSES) {
          return;
        }
        if (!Names.isJdk(type)
            && !Frames.isSelvage(type.getName())
            && !scope.containsKey(type.getName().replace('.', '/'))) {
          for (String word : words) {
            add(type, word);
          }
        }
      }
    }

    private void add(Class<?> type, String word) {
      String name = type.getName().replace('.', '/');
      if (scope.containsKey(name)) {
        return;
      }
      Optional<ClassModel> model =
          ClassFiles.bytes(type)
              .filter(bytes -> ClassFiles.mentions(bytes, word))
              .flatMap(ClassFiles::parse);
      model.ifPresent(
          m -> {
            scope.put(name, m);
            ordered.add(m);
          });
    }

    private void solve() {
      changed = true;
      for (int round = 0; changed && round < ROUNDS; round++) {
        changed = false;
        for (ClassModel type : ordered) {
          for (MethodModel method : type.methods()) {
            follow(type, method);
          }
        }
      }
    }

    private void follow(ClassModel type, MethodModel method) {
      int count =
          method.methodTypeSymbol().parameterCount()
              + (method.flags().has(java.lang.reflect.AccessFlag.STATIC) ? 0 : 1);
      String key = key(type.thisClass().asInternalName(), method);
      int[] marks = parameters.get(key);
      readable &=
          new Tracker(type, method, key)
              .run(method, marks == null || marks.length != count ? new int[count] : marks);
    }

    private static String key(String owner, MethodModel method) {
      return owner + "." + method.methodName().stringValue() + method.methodType().stringValue();
    }

    private boolean isTarget(FieldInstruction field) {
      if (!field.name().equalsString(target.name())
          || !field.type().equalsString(target.descriptor())) {
        return false;
      }
      String owner = field.owner().asInternalName();
      Class<?> type = loadedByName.get(owner);
      return owner.equals(target.declaring().getName().replace('.', '/'))
          || (type != null && target.declaring().isAssignableFrom(type));
    }

    private final class Tracker extends Flow {
      private final ClassModel type;
      private final MethodModel method;
      private final String key;

      Tracker(ClassModel type, MethodModel method, String key) {
        this.type = type;
        this.method = method;
        this.key = key;
      }

      private String here() {
        return ClassFiles.site(type, method.methodName().stringValue(), line());
      }

      private boolean isInitialiser() {
        return method.methodName().equalsString("<clinit>");
      }

      @Override
      int onRead(FieldInstruction field) {
        return isTarget(field)
            ? (target.elements() ? OUTER : TARGET)
            : fields.getOrDefault(fieldKey(field), 0);
      }

      private static String fieldKey(FieldInstruction field) {
        return field.owner().asInternalName() + "." + field.name().stringValue();
      }

      @Override
      void onWrite(FieldInstruction field, int marks) {
        boolean starts = isInitialiser() || method.methodName().equalsString("<init>");
        if (isTarget(field)) {
          if (createdAt == null && starts) {
            createdAt = here();
          }
        } else if (marks != 0) {
          changed |= !java.util.Objects.equals(fields.put(fieldKey(field), marks), marks);
        }
      }

      @Override
      int onCall(InvokeInstruction call, int[] arguments) {
        String owner = call.owner().asInternalName();
        String name = call.name().stringValue();
        boolean onReceiver =
            call.opcode() != java.lang.classfile.Opcode.INVOKESTATIC && arguments.length > 0;
        int receiver = onReceiver ? arguments[0] : 0;
        if ((receiver & TARGET) != 0) {
          if (puts(owner, name, arguments.length - 1)) {
            (isInitialiser() ? initialPuts : puts).add(here());
          } else if (takes(name)) {
            takes.add(here());
          }
        }
        if (!onReceiver
            && owner.equals("java/util/Collections")
            && name.equals("addAll")
            && (arguments[0] & TARGET) != 0) {
          (isInitialiser() ? initialPuts : puts).add(here());
        }
        pass(owner + "." + name + call.type().stringValue(), owner, arguments, 0);
        int result =
            results.getOrDefault(owner + "." + name + call.type().stringValue(), 0)
                | ((receiver & OUTER) != 0 ? OUTER | TARGET : 0);
        if (SAME_CONTAINER.contains(name) && arguments.length > 0) {
          result |= arguments[0];
        }
        return call.typeSymbol().returnType().isPrimitive() ? 0 : result;
      }

      /** Marks the parameters of a method whose code is in sight. */
      private void pass(String method, String owner, int[] arguments, int from) {
        if (!scope.containsKey(owner)) {
          return;
        }
        for (int i = 0; i < arguments.length; i++) {
          if (arguments[i] != 0) {
            int[] known = parameters.computeIfAbsent(method, _ -> new int[from + arguments.length]);
            if (from + i < known.length && (known[from + i] | arguments[i]) != known[from + i]) {
              known[from + i] |= arguments[i];
              changed = true;
            }
          }
        }
      }

      @Override
      int onDynamic(InvokeDynamicInstruction call, int[] arguments) {
        for (ConstantDesc constant : call.bootstrapArgs()) {
          if (constant instanceof DirectMethodHandleDesc handle && arguments.length > 0) {
            String owner = handle.owner().descriptorString();
            if ((arguments[0] & TARGET) != 0
                && puts(owner, handle.methodName(), handle.invocationType().parameterCount() - 1)) {
              (isInitialiser() ? initialPuts : puts).add(here());
            }
            captured(handle, owner, arguments);
          }
        }
        return 0;
      }

      /** What a lambda captures are the first parameters of its method. */
      private void captured(DirectMethodHandleDesc handle, String descriptor, int[] arguments) {
        if (descriptor.startsWith("L")) {
          String owner = descriptor.substring(1, descriptor.length() - 1);
          int all = handle.invocationType().parameterCount();
          int[] marks = java.util.Arrays.copyOf(arguments, Math.max(all, arguments.length));
          pass(owner + "." + handle.methodName() + handle.lookupDescriptor(), owner, marks, 0);
        }
      }

      @Override
      int onNew(String internalName) {
        return 0;
      }

      @Override
      int onElement(int array) {
        return (array & OUTER) != 0 ? OUTER | TARGET : 0;
      }

      @Override
      void onReturn(int marks) {
        changed |= !java.util.Objects.equals(results.put(key, marks), marks);
      }
    }
  }

  private static boolean puts(String owner, String name, int arguments) {
    return PUTS.contains(name)
        || name.startsWith("put")
        || name.startsWith("add")
        || name.startsWith("offer")
        || (name.startsWith("get") && arguments >= 2 && !name.equals("getOrDefault"))
        || (owner.contains("LoadingCache") && name.startsWith("get") && !name.contains("Present"));
  }

  private static boolean takes(String name) {
    return TAKES.contains(name)
        || name.startsWith("remove")
        || name.startsWith("poll")
        || name.startsWith("invalidate")
        || name.startsWith("evict")
        || name.equals("entrySet")
        || name.equals("values")
        || name.equals("keySet")
        || name.equals("iterator");
  }
}
