package dev.selvage.diagnostics.heap;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Reads a heap dump in the format HPROF ("JAVA PROFILE 1.0.2"), as HotSpot writes it: in segments
 * or in one piece, identifiers of 4 or 8 bytes, compressed or not. Keeps nothing of it.
 *
 * @see <a
 *     href="https://github.com/openjdk/jdk/blob/jdk-25-ga/src/hotspot/share/services/heapDumper.cpp">heapDumper.cpp</a>,
 *     which opens with the format
 */
final class HprofReader {
  /** Kinds of roots, by the format's numbers. */
  static final int ROOT_JNI_GLOBAL = 0x01;

  static final int ROOT_JNI_LOCAL = 0x02;
  static final int ROOT_JAVA_FRAME = 0x03;
  static final int ROOT_NATIVE_STACK = 0x04;
  static final int ROOT_STICKY_CLASS = 0x05;
  static final int ROOT_THREAD_BLOCK = 0x06;
  static final int ROOT_MONITOR = 0x07;
  static final int ROOT_THREAD = 0x08;
  static final int ROOT_UNKNOWN = 0xff;

  /** The type of a reference. */
  static final int OBJECT = 2;

  private static final int STRING = 0x01;
  private static final int LOAD_CLASS = 0x02;
  private static final int FRAME = 0x04;
  private static final int TRACE = 0x05;
  private static final int HEAP_DUMP = 0x0c;
  private static final int HEAP_DUMP_SEGMENT = 0x1c;
  private static final int HEAP_DUMP_END = 0x2c;
  private static final int CLASS_DUMP = 0x20;
  private static final int INSTANCE_DUMP = 0x21;
  private static final int OBJECT_ARRAY = 0x22;
  private static final int PRIMITIVE_ARRAY = 0x23;
  private static final int MAX_STRING = 1 << 20;

  /** What is told of a dump, in the order of the file. Does nothing unless overridden. */
  abstract static class Visitor {
    /** Reading begins; the input tells later how far it has come. */
    void begin(HprofInput in) {}

    void string(long id, String text) throws IOException {}

    void loadClass(int serial, long classId, long nameId) throws IOException {}

    void frame(long id, long methodId, long sourceId, int classSerial, int line)
        throws IOException {}

    void trace(int serial, int threadSerial, long[] frames) throws IOException {}

    /**
     * A root.
     *
     * @param thread the serial number of its thread, or 0
     * @param place the number of the frame in its stack, from the top; of a thread the serial
     *     number of its stack trace; -1 for none
     */
    void root(int kind, long id, int thread, int place) throws IOException {}

    /** A class; the fields follow, and then {@link #endOfClass}. */
    void classDump(long id, long superId, long loader, long signers, long domain)
        throws IOException {}

    /** A static field of the class; the value is an identifier where the type is a reference. */
    void staticField(long nameId, int type, long value) throws IOException {}

    /** A field of the class's own instances, in the order of their bytes. */
    void field(long nameId, int type) throws IOException {}

    void endOfClass() throws IOException {}

    /** An instance; exactly {@code length} bytes must be taken from the input. */
    void instance(long id, long classId, int length, HprofInput in) throws IOException {
      in.skip(length);
    }

    /** An array; exactly {@code length} identifiers must be taken from the input. */
    void objectArray(long id, long classId, int length, HprofInput in) throws IOException {
      in.skip((long) length * in.idSize());
    }

    /** An array; exactly {@code length} elements must be taken from the input. */
    void primitiveArray(long id, int type, int length, HprofInput in) throws IOException {
      in.skip((long) length * size(type, in.idSize()));
    }
  }

  private final HprofInput in;
  private final Visitor visitor;

  private HprofReader(HprofInput in, Visitor visitor) {
    this.in = in;
    this.visitor = visitor;
  }

  /**
   * Reads a dump from its start to its end.
   *
   * @throws HeapDumpException if it is none, or damaged
   */
  static void read(Path file, Visitor visitor) throws IOException {
    try (var in = HprofInput.open(file)) {
      visitor.begin(in);
      new HprofReader(in, visitor).read();
    }
  }

  /** How many bytes a value of that type has in the dump. */
  static int size(int type, int idSize) throws HeapDumpException {
    return switch (type) {
      case OBJECT -> idSize;
      case 4, 8 -> 1;
      case 5, 9 -> 2;
      case 6, 10 -> 4;
      case 7, 11 -> 8;
      default -> throw new HeapDumpException("it is damaged: a field of the type " + type);
    };
  }

  private void read() throws IOException {
    header();
    boolean segments = false;
    boolean ended = false;
    while (!in.atEnd()) {
      int tag = in.u1();
      in.skip(4); // a time that nobody needs
      long length = in.u4();
      long end = in.position() + length;
      switch (tag) {
        case STRING -> string(length);
        case LOAD_CLASS -> {
          int serial = in.i4();
          long id = in.id();
          in.skip(4);
          visitor.loadClass(serial, id, in.id());
        }
        case FRAME -> {
          long id = in.id();
          long method = in.id();
          in.id(); // the signature
          long source = in.id();
          int classSerial = in.i4();
          visitor.frame(id, method, source, classSerial, in.i4());
        }
        case TRACE -> {
          int serial = in.i4();
          int thread = in.i4();
          long[] frames = new long[count(length)];
          for (int i = 0; i < frames.length; i++) {
            frames[i] = in.id();
          }
          visitor.trace(serial, thread, frames);
        }
        case HEAP_DUMP, HEAP_DUMP_SEGMENT -> {
          segments |= tag == HEAP_DUMP_SEGMENT;
          heap(end);
        }
        case HEAP_DUMP_END -> ended = true;
        default -> {}
      }
      if (in.position() > end) {
        throw new HeapDumpException(
            "it is damaged: the record before byte " + in.position() + " is too short");
      }
      in.skip(end - in.position());
    }
    if (segments && !ended) {
      throw new HeapDumpException("it is truncated: its last part is missing");
    }
  }

  private int count(long length) throws IOException {
    int count = in.i4();
    if (count < 0 || (long) count * in.idSize() + 12 > length) {
      throw new HeapDumpException("it is damaged: a stack of " + count + " frames");
    }
    return count;
  }

  private void header() throws IOException {
    var text = new StringBuilder();
    for (int c; text.length() < 32 && !in.atEnd() && (c = in.u1()) != 0; ) {
      text.append((char) c);
    }
    if (!text.toString().startsWith("JAVA PROFILE 1.0.")) {
      throw new HeapDumpException(
          "it is not a heap dump in the format HPROF: make one with jcmd PID GC.heap_dump FILE");
    }
    int size = in.i4();
    if (size != 4 && size != 8) {
      throw new HeapDumpException("it is damaged: identifiers of " + size + " bytes");
    }
    in.setIdSize(size);
    in.skip(8);
  }

  private void string(long length) throws IOException {
    long id = in.id();
    long bytes = length - in.idSize();
    if (bytes < 0 || bytes > MAX_STRING) {
      throw new HeapDumpException("it is damaged: a name of " + bytes + " bytes");
    }
    byte[] text = new byte[(int) bytes];
    in.read(text, text.length);
    visitor.string(id, new String(text, StandardCharsets.UTF_8));
  }

  private void heap(long end) throws IOException {
    while (in.position() < end) {
      int tag = in.u1();
      switch (tag) {
        case ROOT_UNKNOWN, ROOT_STICKY_CLASS, ROOT_MONITOR -> visitor.root(tag, in.id(), 0, -1);
        case ROOT_JNI_GLOBAL -> {
          long id = in.id();
          in.id();
          visitor.root(tag, id, 0, -1);
        }
        case ROOT_JNI_LOCAL, ROOT_JAVA_FRAME, ROOT_THREAD -> {
          long id = in.id();
          int thread = in.i4();
          visitor.root(tag, id, thread, in.i4());
        }
        case ROOT_NATIVE_STACK, ROOT_THREAD_BLOCK -> {
          long id = in.id();
          visitor.root(tag, id, in.i4(), -1);
        }
        case CLASS_DUMP -> classDump();
        case INSTANCE_DUMP -> {
          long id = in.id();
          in.skip(4);
          long classId = in.id();
          int length = length(in.i4());
          long next = in.position() + length;
          visitor.instance(id, classId, length, in);
          checkTaken(next);
        }
        case OBJECT_ARRAY -> {
          long id = in.id();
          in.skip(4);
          int length = length(in.i4());
          long classId = in.id();
          long next = in.position() + (long) length * in.idSize();
          visitor.objectArray(id, classId, length, in);
          checkTaken(next);
        }
        case PRIMITIVE_ARRAY -> {
          long id = in.id();
          in.skip(4);
          int length = length(in.i4());
          int type = in.u1();
          long next = in.position() + (long) length * size(type, in.idSize());
          visitor.primitiveArray(id, type, length, in);
          checkTaken(next);
        }
        default ->
            throw new HeapDumpException(
                "it is damaged: an unknown record (" + tag + ") at byte " + (in.position() - 1));
      }
    }
  }

  private static int length(int length) throws HeapDumpException {
    if (length < 0) {
      throw new HeapDumpException("it is damaged: an object of the length " + length);
    }
    return length;
  }

  private void checkTaken(long expected) {
    if (in.position() != expected) {
      throw new IllegalStateException("a visitor took the wrong number of bytes");
    }
  }

  private void classDump() throws IOException {
    long id = in.id();
    in.skip(4);
    long superId = in.id();
    long loader = in.id();
    long signers = in.id();
    long domain = in.id();
    in.skip(2L * in.idSize() + 4);
    visitor.classDump(id, superId, loader, signers, domain);
    int constants = in.u2();
    for (int i = 0; i < constants; i++) {
      in.skip(2);
      in.skip(size(in.u1(), in.idSize()));
    }
    int statics = in.u2();
    for (int i = 0; i < statics; i++) {
      long name = in.id();
      int type = in.u1();
      visitor.staticField(name, type, value(type));
    }
    int fields = in.u2();
    for (int i = 0; i < fields; i++) {
      long name = in.id();
      visitor.field(name, in.u1());
    }
    visitor.endOfClass();
  }

  private long value(int type) throws IOException {
    return switch (size(type, in.idSize())) {
      case 1 -> in.u1();
      case 2 -> in.u2();
      case 4 -> type == OBJECT ? in.u4() : in.i4();
      default -> in.i8();
    };
  }
}
