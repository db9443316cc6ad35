package dev.selvage.diagnostics.growth;

import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Frames;
import dev.selvage.diagnostics.Growth;
import dev.selvage.diagnostics.Watch;
import dev.selvage.diagnostics.jdk.FieldReader;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeElement;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LineNumber;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Suspects the threads of pools that get more and more thread-local variables: each is made for one
 * task and never removed. What one variable has is watched by {@link StaticGrowth}. Reads fields
 * only; takes no lock and keeps no thread alive. One thread at a time.
 */
final class ThreadLocalGrowth implements Watch {
  /*
   * A variable that nobody refers to any more is cleared by the collector, and the map drops its
   * entry some time after. So a map that only grows has variables that something still has: very
   * often their own values do, and then they stay for as long as the thread.
   */
  private static final int MOST_THREADS = 2_000;
  private static final int MOST_NAMES = 10;
  private static final int LEAST_GROWTH = 32;
  private static final int MOST_CLASSES = 400;

  private final Supplier<Class<?>[]> loadedClasses;
  private final LongSupplier nanos;
  private final Shapes shapes;
  private final Workers workers;
  private final List<Owner> owners = new ArrayList<>();
  private long failures;

  ThreadLocalGrowth(Supplier<Class<?>[]> loadedClasses, FieldReader reader, LongSupplier nanos) {
    this.loadedClasses = loadedClasses;
    this.nanos = nanos;
    this.shapes = new Shapes(reader);
    this.workers = new Workers(shapes);
  }

  /** A thread of a pool. */
  private static final class Owner extends WeakReference<Thread> {
    final long tasks;
    final Curve variables = new Curve();

    Owner(Thread thread, long tasks) {
      super(thread);
      this.tasks = tasks;
    }
  }

  /** How many samples failed as a whole. */
  long failures() {
    return failures;
  }

  @Override
  public void sample() {
    try {
      long now = nanos.getAsLong();
      IdentityHashMap<Thread, Owner> known = Followed.byReferent(owners);
      for (Thread thread : JdkTimerGrowth.platformThreads()) {
        long tasks = workers.tasksDone(thread);
        Object map = tasks < 0 ? null : shapes.get(thread, "threadLocals");
        if (map == null) {
          continue;
        }
        Owner owner = known.get(thread);
        if (owner == null && owners.size() < MOST_THREADS) {
          owner = new Owner(thread, tasks);
          owners.add(owner);
        }
        if (owner != null) {
          owner.variables.add(now, Math.max(0, shapes.number(map, "size")));
        }
      }
    } catch (RuntimeException | LinkageError e) {
      // A map that changed under the reading; the next sample sees it afresh.
      failures++;
    }
  }

  private boolean grows(Owner owner) {
    Thread thread = owner.get();
    return thread != null
        && owner.variables.onlyGrows(LEAST_GROWTH)
        && workers.tasksDone(thread) > owner.tasks;
  }

  /** The class of most values of a thread that the program wrote; null if there is none. */
  private @Nullable Class<?> valueClass(Thread thread) {
    Map<Class<?>, Integer> counts = new HashMap<>();
    if (shapes.get(shapes.get(thread, "threadLocals"), "table") instanceof Object[] table) {
      for (Object entry : table) {
        Object value = entry instanceof Reference<?> ? shapes.get(entry, "value") : null;
        if (value != null) {
          counts.merge(value.getClass(), 1, Integer::sum);
        }
      }
    }
    return counts.entrySet().stream()
        .max(
            Map.Entry.<Class<?>, Integer>comparingByValue()
                .thenComparing(e -> e.getKey().getName()))
        .map(Map.Entry::getKey)
        .orElse(null);
  }

  @Override
  public List<Finding.Suspected> suspects() {
    Map<String, List<Owner>> byClass = new LinkedHashMap<>();
    Map<String, Class<?>> classes = new HashMap<>();
    for (Owner owner : owners) {
      Thread thread = owner.get();
      if (thread != null && grows(owner)) {
        Class<?> type = valueClass(thread);
        String name = type == null ? "" : Names.of(type);
        byClass.computeIfAbsent(name, _ -> new ArrayList<>()).add(owner);
        if (type != null) {
          classes.put(name, type);
        }
      }
    }
    List<Finding.Suspected> found = new ArrayList<>();
    byClass.forEach((name, of) -> found.add(finding(name, classes.get(name), of)));
    found.sort(Comparator.comparingInt(f -> -f.details().count()));
    return found;
  }

  private Finding.Suspected finding(String name, @Nullable Class<?> type, List<Owner> of) {
    of.sort(Comparator.comparingLong(owner -> -owner.variables.last()));
    Curve curve = of.getFirst().variables;
    long all = 0;
    List<String> threads = new ArrayList<>();
    for (Owner owner : of) {
      all += owner.variables.last();
      Thread thread = owner.get();
      if (thread != null && threads.size() < MOST_NAMES) {
        threads.add(thread.getName());
      }
    }
    List<String> sites =
        type == null || Names.isJdk(type) ? List.of() : Sites.find(type, loadedClasses.get());
    double seconds = Math.round(curve.seconds() * 10) / 10.0;
    String thread = threads.isEmpty() ? "" : threads.getFirst();
    Map<String, Object> evidence = new LinkedHashMap<>();
    evidence.put("threads", of.size());
    evidence.put("variables", curve.last());
    evidence.put("grewBy", curve.last() - curve.first());
    evidence.put("seconds", seconds);
    evidence.put("perSecond", curve.perSecond());
    evidence.put("sizes", curve.text(12));
    if (!name.isEmpty()) {
      evidence.put("valueClass", name);
    }
    if (!sites.isEmpty()) {
      evidence.put("createSites", sites);
    }
    return new Finding.Suspected(
        new Finding.Details(
            Finding.State.OPEN,
            "thread-local growth",
            (int) Math.min(Integer.MAX_VALUE, all),
            sites.size() == 1 ? sites.getFirst() : null,
            null,
            OptionalLong.of((long) curve.seconds()),
            OptionalLong.empty(),
            threads,
            List.of(),
            Frames.fingerprint("thread-local growth", name, List.of()),
            null,
            evidence,
            "the thread-local variables of the pool's thread "
                + thread
                + " only grew in number, from "
                + curve.first()
                + " to "
                + curve.last()
                + " in "
                + seconds
                + " s, while it went from task to task",
            "make the variable once, in a static field, and remove() what it has in a finally block"
                + " at the end of each task"));
  }

  @Override
  public List<Growth> growth() {
    List<Growth> all = new ArrayList<>();
    for (Owner owner : owners) {
      Thread thread = owner.get();
      if (thread != null) {
        all.add(
            new Growth(
                "thread-locals",
                "the variables of " + thread.getName(),
                null,
                grows(owner),
                owner.variables.points()));
      }
    }
    return all;
  }

  /** The lines that make thread-local variables again and again, in a class's package. */
  private static final class Sites {
    private Sites() {}

    static List<String> find(Class<?> value, Class<?>[] loaded) {
      Set<String> sites = new LinkedHashSet<>();
      int read = 0;
      for (Class<?> type : loaded) {
        if (type.getClassLoader() == value.getClassLoader()
            && type.getPackageName().equals(value.getPackageName())
            && read++ < MOST_CLASSES) {
          ClassFiles.bytes(type)
              .filter(bytes -> ClassFiles.mentions(bytes, "ThreadLocal"))
              .flatMap(ClassFiles::parse)
              .ifPresent(model -> model.methods().forEach(method -> look(model, method, sites)));
        }
      }
      return sites.stream().sorted().limit(5).toList();
    }

    private static void look(ClassModel type, MethodModel method, Set<String> sites) {
      if (method.methodName().equalsString("<clinit>") || method.code().isEmpty()) {
        return;
      }
      int line = 0;
      for (CodeElement element : method.code().get()) {
        if (element instanceof LineNumber number) {
          line = number.line();
        } else if (element instanceof InvokeInstruction call && makes(type, call)) {
          sites.add(ClassFiles.site(type, method.methodName().stringValue(), line));
        }
      }
    }

    private static boolean makes(ClassModel type, InvokeInstruction call) {
      String owner = call.owner().asInternalName();
      boolean base = owner.equals("java/lang/ThreadLocal");
      boolean superclass =
          type.superclass().filter(s -> s.asInternalName().equals(owner)).isPresent();
      return base
          && !superclass
          && (call.name().equalsString("<init>")
              || (call.opcode() == Opcode.INVOKESTATIC && call.name().equalsString("withInitial")));
    }
  }
}
