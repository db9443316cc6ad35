package dev.selvage.diagnostics.growth;

import dev.selvage.diagnostics.jdk.FieldReader;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Where the fields of a class lie, remembered for each class that was met. Not for several threads
 * at once. Keeps no class alive: what it remembers are offsets and names.
 *
 * <p>Asking the JVM for the fields of a class resolves their types, which may load (never
 * initialise) classes that are named there. A class with a type that is not to be found counts as
 * one without fields.
 */
final class Shapes {

  /**
   * A field.
   *
   * @param declaring name of the class that declares it
   * @param kind {@code L} for a reference, {@code I} for an int, {@code J} for a long
   * @param descriptor its type as in a class file
   */
  record Slot(String declaring, String name, char kind, String descriptor, long offset) {
    @Override
    public String toString() {
      return declaring + "." + name;
    }
  }

  /**
   * A class.
   *
   * @param statics the static references that it declares itself
   * @param references the references of an instance, those of superclasses first
   * @param numbers the ints and longs of an instance
   */
  record Shape(List<Slot> statics, List<Slot> references, List<Slot> numbers) {

    @Nullable Slot reference(String name) {
      return named(references, name);
    }

    @Nullable Slot number(String name) {
      return named(numbers, name);
    }

    private static @Nullable Slot named(List<Slot> slots, String name) {
      for (int i = slots.size() - 1; i >= 0; i--) {
        if (slots.get(i).name().equals(name)) {
          return slots.get(i);
        }
      }
      return null;
    }
  }

  private static final Shape EMPTY = new Shape(List.of(), List.of(), List.of());

  /** Types whose instances hold nothing that is of interest here. */
  private static final Set<Class<?>> LEAVES =
      Set.of(
          String.class,
          Class.class,
          Integer.class,
          Long.class,
          Boolean.class,
          Double.class,
          Character.class);

  private final FieldReader reader;
  private final Map<Class<?>, Shape> shapes = new WeakHashMap<>();
  private long unreadable;

  Shapes(FieldReader reader) {
    this.reader = reader;
  }

  FieldReader reader() {
    return reader;
  }

  /** How many classes did not tell their fields. */
  long unreadable() {
    return unreadable;
  }

  Shape of(Class<?> type) {
    Shape known = shapes.get(type);
    if (known == null) {
      known = make(type);
      shapes.put(type, known);
    }
    return known;
  }

  private Shape make(Class<?> type) {
    Class<?> parent = type.getSuperclass();
    Shape above = parent == null || type.isArray() ? EMPTY : of(parent);
    Field[] fields;
    try {
      fields = type.getDeclaredFields();
    } catch (LinkageError | RuntimeException e) {
      // A loader may fail in any way it likes; what the class inherits can be read all the same.
      unreadable++;
      return new Shape(List.of(), above.references(), above.numbers());
    }
    List<Slot> statics = new ArrayList<>();
    List<Slot> references = new ArrayList<>(above.references());
    List<Slot> numbers = new ArrayList<>(above.numbers());
    for (Field field : fields) {
      Class<?> of = field.getType();
      boolean isStatic = Modifier.isStatic(field.getModifiers());
      if (of == int.class || of == long.class) {
        if (!isStatic) {
          numbers.add(slot(type, field, of == int.class ? 'I' : 'J'));
        }
      } else if (!of.isPrimitive() && !isLeaf(of)) {
        (isStatic ? statics : references).add(slot(type, field, 'L'));
      }
    }
    return new Shape(trim(statics), trim(references), trim(numbers));
  }

  private static boolean isLeaf(Class<?> type) {
    return LEAVES.contains(type) || (type.isArray() && type.getComponentType().isPrimitive());
  }

  private static List<Slot> trim(List<Slot> slots) {
    return slots.isEmpty()
        ? List.of()
        : Collections.unmodifiableList(Arrays.asList(slots.toArray(Slot[]::new)));
  }

  private Slot slot(Class<?> type, Field field, char kind) {
    return new Slot(
        Names.of(type),
        field.getName(),
        kind,
        field.getType().descriptorString(),
        reader.offset(field));
  }

  /** What the named reference field of the object holds; null when there is no such field. */
  @Nullable Object get(@Nullable Object holder, String field) {
    if (holder == null) {
      return null;
    }
    Slot slot = of(holder.getClass()).reference(field);
    return slot == null ? null : reader.reference(holder, slot.offset());
  }

  /** The named int or long field of the object; -1 when there is no such field. */
  long number(@Nullable Object holder, String field) {
    if (holder == null) {
      return -1;
    }
    Slot slot = of(holder.getClass()).number(field);
    return slot == null ? -1 : number(holder, slot);
  }

  long number(Object holder, Slot slot) {
    return slot.kind() == 'I'
        ? reader.intAt(holder, slot.offset())
        : reader.longAt(holder, slot.offset());
  }
}
