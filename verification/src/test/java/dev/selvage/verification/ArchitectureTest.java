package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.MemberRefEntry;
import java.lang.classfile.constantpool.MethodTypeEntry;
import java.lang.classfile.constantpool.NameAndTypeEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.constantpool.StringEntry;
import java.lang.module.ModuleFinder;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The rules of the house, read off the class files. Each rule is shown to catch an offender. */
final class ArchitectureTest {
  /** The packages that may reach into the JDK, one in a module. */
  private static final Set<String> INNARDS =
      Set.of("dev.selvage.diagnostics.jdk", "dev.selvage.internal.jdk");

  /** Who may use whom: the whole truth, in the order of building. */
  private static final Map<String, Set<String>> MAY_USE =
      Map.of(
          "core", Set.of(),
          "diagnostics", Set.of("core"),
          "http", Set.of("core", "diagnostics"),
          "agent", Set.of("core", "diagnostics", "http"),
          "cli", Set.of("core", "diagnostics"),
          "examples/language", Set.of("core"),
          "examples/scheduler", Set.of("core"),
          "examples/leaks", Set.of("core", "diagnostics", "http"));

  /** These run inside other people's programs, so they bring nothing along. */
  private static final Set<String> JDK_ONLY = Set.of("core", "diagnostics", "http", "agent");

  private static final Set<String> JDK_PACKAGES =
      ModuleFinder.ofSystem().findAll().stream()
          .flatMap(module -> module.descriptor().packages().stream())
          .collect(Collectors.toUnmodifiableSet());

  private static final List<Unit> HOUSE = MAY_USE.keySet().stream().sorted().map(Unit::of).toList();

  @Test
  void the_class_files_are_there() {
    for (Unit unit : HOUSE) {
      assertFalse(unit.types.isEmpty(), "nothing compiled in " + unit.name);
    }
  }

  @Test
  void modules_use_only_what_is_below_them() {
    var home = new TreeMap<String, String>();
    HOUSE.forEach(unit -> unit.types.forEach(type -> home.put(type.name, unit.name)));
    var wrong = new TreeSet<String>();
    for (Unit unit : HOUSE) {
      for (Type type : unit.types) {
        for (String used : type.uses) {
          String from = home.getOrDefault(used, unit.name);
          if (!from.equals(unit.name) && !allowed(unit).contains(from)) {
            wrong.add(type.name + " in " + unit.name + " uses " + used + " in " + from);
          }
        }
      }
    }
    assertNone(wrong);
  }

  @Test
  void what_runs_inside_other_programs_needs_only_the_jdk() {
    var wrong = new TreeSet<String>();
    for (Unit unit : HOUSE) {
      if (JDK_ONLY.contains(unit.name)) {
        for (Type type : unit.types) {
          type.uses.stream()
              .filter(used -> !used.startsWith("dev.selvage."))
              .filter(used -> !JDK_PACKAGES.contains(packageOf(used)))
              .forEach(used -> wrong.add(type.name + " uses " + used));
        }
      }
    }
    assertNone(wrong);
  }

  @Test
  void libraries_do_not_write_to_standard_output() {
    assertNone(
        HOUSE.stream()
            .filter(unit -> Set.of("core", "diagnostics", "http").contains(unit.name))
            .flatMap(unit -> unit.types.stream())
            .filter(Type::printsToStandardOutput)
            .map(Type::name)
            .toList());
    assertTrue(Type.of(Child.class).printsToStandardOutput(), "the rule sees an offender");
  }

  @Test
  void one_package_alone_reaches_into_the_jdk() {
    assertNone(
        HOUSE.stream()
            .flatMap(unit -> unit.types.stream())
            .filter(type -> !INNARDS.contains(packageOf(type.name)))
            // It only asks whether somebody has loaded a class of that name.
            .filter(type -> !type.name.equals("dev.selvage.internal.Management"))
            // It only compares names that it finds in a file.
            .filter(type -> !packageOf(type.name).equals("dev.selvage.diagnostics.heap"))
            .filter(type -> !type.innards().isEmpty())
            .map(type -> type.name + " names " + type.innards())
            .toList());
    assertEquals(
        Set.of("jdk.internal.vm.Continuation", "setAccessible"),
        Type.of(Intruder.class).innards(),
        "the rule sees an offender");
  }

  @Test
  void packages_do_not_use_each_other_in_a_circle() {
    var uses = new TreeMap<String, Set<String>>();
    for (Unit unit : HOUSE) {
      for (Type type : unit.types) {
        var to = uses.computeIfAbsent(packageOf(type.name), _ -> new TreeSet<>());
        type.uses.stream()
            .filter(used -> used.startsWith("dev.selvage."))
            .map(ArchitectureTest::packageOf)
            .filter(used -> !used.equals(packageOf(type.name)))
            .forEach(to::add);
      }
    }
    assertEquals(List.of(), circle(uses));
    assertEquals(
        List.of("a", "b", "a"),
        circle(new TreeMap<>(Map.of("a", Set.of("b"), "b", Set.of("a")))),
        "the rule sees an offender");
  }

  /** An offender. */
  private static final class Intruder {
    @SuppressWarnings("unused") // it is only looked at
    static void open(Field field) throws ClassNotFoundException {
      field.setAccessible(Class.forName("jdk.internal.vm.Continuation").isInterface());
    }
  }

  private static Set<String> allowed(Unit unit) {
    return Objects.requireNonNull(MAY_USE.get(unit.name));
  }

  private static void assertNone(Collection<String> wrong) {
    assertEquals("", String.join("\n", wrong));
  }

  /** The first circle there is, its first member repeated at its end; empty for none. */
  private static List<String> circle(Map<String, Set<String>> uses) {
    var done = new TreeSet<String>();
    for (String start : uses.keySet()) {
      List<String> found = circle(start, uses, new ArrayDeque<>(), done);
      if (!found.isEmpty()) {
        return found;
      }
    }
    return List.of();
  }

  private static List<String> circle(
      String at, Map<String, Set<String>> uses, Deque<String> path, Set<String> done) {
    if (path.contains(at)) {
      var found = new ArrayList<>(path.stream().dropWhile(p -> !p.equals(at)).toList());
      found.add(at);
      return found;
    }
    if (!done.contains(at)) {
      path.addLast(at);
      for (String next : uses.getOrDefault(at, Set.of())) {
        List<String> found = circle(next, uses, path, done);
        if (!found.isEmpty()) {
          return found;
        }
      }
      path.removeLast();
      done.add(at);
    }
    return List.of();
  }

  private static String packageOf(String type) {
    int dot = type.lastIndexOf('.');
    return dot < 0 ? "" : type.substring(0, dot);
  }

  /** A module of the build and its classes. */
  private record Unit(String name, List<Type> types) {
    static Unit of(String name) {
      Path classes = Project.ROOT.resolve(name).resolve("target/classes");
      if (!Files.isDirectory(classes)) {
        return new Unit(name, List.of());
      }
      try (Stream<Path> files = Files.walk(classes)) {
        return new Unit(
            name,
            files
                .filter(file -> file.toString().endsWith(".class"))
                .filter(file -> !file.endsWith("module-info.class"))
                .filter(file -> !file.endsWith("package-info.class"))
                .map(Type::of)
                .toList());
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }
  }

  /**
   * A class file.
   *
   * @param uses all classes that it names, without annotations
   */
  private record Type(String name, Set<String> uses, List<PoolEntry> pool) {
    /** A class of the JDK that is not for everybody; mere packages and prose are not meant. */
    private static final Pattern JDK_INNARDS =
        Pattern.compile("(jdk\\.internal|sun\\.misc)(\\.\\w+)*\\.[A-Z][\\w$]*");

    private static final Pattern IN_DESCRIPTOR = Pattern.compile("L([^;<]+);");

    static Type of(Path file) {
      try {
        return of(ClassFile.of().parse(file));
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }

    static Type of(Class<?> loaded) {
      String resource = "/" + loaded.getName().replace('.', '/') + ".class";
      try (var in = loaded.getResourceAsStream(resource)) {
        return of(ClassFile.of().parse(Objects.requireNonNull(in).readAllBytes()));
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }

    private static Type of(ClassModel model) {
      var pool = new ArrayList<PoolEntry>();
      model.constantPool().forEach(pool::add);
      var uses = new TreeSet<String>();
      for (PoolEntry entry : pool) {
        switch (entry) {
          case ClassEntry c -> addClass(c.asInternalName(), uses);
          case NameAndTypeEntry n -> addDescriptor(n.type().stringValue(), uses);
          case MethodTypeEntry m -> addDescriptor(m.descriptor().stringValue(), uses);
          default -> {}
        }
      }
      model.fields().forEach(f -> addDescriptor(f.fieldType().stringValue(), uses));
      model.methods().forEach(m -> addDescriptor(m.methodType().stringValue(), uses));
      return new Type(dotted(model.thisClass().asInternalName()), uses, List.copyOf(pool));
    }

    boolean printsToStandardOutput() {
      return pool.stream()
          .anyMatch(
              entry ->
                  entry instanceof MemberRefEntry m
                      && m.owner().asInternalName().equals("java/lang/System")
                      && m.name().equalsString("out"));
    }

    /** What it names of the JDK that is not for everybody. */
    Set<String> innards() {
      var found = new TreeSet<String>();
      uses.stream().filter(Type::isInnards).forEach(found::add);
      for (PoolEntry entry : pool) {
        if (entry instanceof StringEntry s && isInnards(s.stringValue().replace('/', '.'))) {
          found.add(s.stringValue());
        }
        if (entry instanceof MemberRefEntry m && m.name().equalsString("setAccessible")) {
          found.add("setAccessible");
        }
      }
      return found;
    }

    private static boolean isInnards(String name) {
      return JDK_INNARDS.matcher(name).matches();
    }

    private static void addClass(String internalName, Set<String> uses) {
      if (internalName.startsWith("[")) {
        addDescriptor(internalName, uses);
      } else {
        uses.add(dotted(internalName));
      }
    }

    private static void addDescriptor(String descriptor, Set<String> uses) {
      Matcher m = IN_DESCRIPTOR.matcher(descriptor);
      while (m.find()) {
        uses.add(dotted(m.group(1)));
      }
    }

    private static String dotted(String internalName) {
      return internalName.replace('/', '.');
    }
  }
}
