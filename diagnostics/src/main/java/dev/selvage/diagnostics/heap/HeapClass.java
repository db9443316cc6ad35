package dev.selvage.diagnostics.heap;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A class of the dump: what it is called, and where in its instances the references are. */
final class HeapClass {
  /** A field of instances, or a static one. */
  record Field(String name, int type, long value) {}

  /**
   * A reference in instances.
   *
   * @param offset in the bytes of the dump
   * @param owner the class that declares the field
   */
  record Ref(int offset, HeapClass owner, String name, Use use, int number) {}

  /** What a reference means. */
  enum Use {
    /** Whoever has the object can have what it refers to. */
    FOLLOWED,
    /** The same; and to whom the collector may hand the object over. */
    QUEUE,
    /** Nobody can get at what it refers to. */
    IGNORED,
    /** A virtual thread's, which only that thread itself uses. */
    OWN
  }

  final long id;
  final String name;
  final long superId;
  final long[] others; // class loader, signers, protection domain
  final List<Field> statics = new ArrayList<>();
  final List<Field> fields = new ArrayList<>();
  @Nullable HeapClass parent;
  Ref @Nullable [] refs;
  int shallow;

  HeapClass(long id, String name, long superId, long... others) {
    this.id = id;
    this.name = name;
    this.superId = superId;
    this.others = others;
  }

  /** Whether it is that class or descends from it. */
  boolean is(String className) {
    for (HeapClass c = this; c != null; c = c.parent) {
      if (c.name.equals(className)) {
        return true;
      }
    }
    return false;
  }

  /** Where the field is in the bytes of an instance; -1 if there is none. */
  int offset(String owner, String field, int idSize) throws HeapDumpException {
    int offset = 0;
    for (HeapClass c = this; c != null; c = c.parent) {
      for (Field f : c.fields) {
        if (f.name.equals(field) && c.name.equals(owner)) {
          return offset;
        }
        offset += HprofReader.size(f.type, idSize);
      }
    }
    return -1;
  }

  /** The value of a static number; the default if it has none of that name. */
  long constant(String field, long otherwise) {
    for (Field f : statics) {
      if (f.name.equals(field) && f.type != HprofReader.OBJECT) {
        return f.value;
      }
    }
    return otherwise;
  }
}
