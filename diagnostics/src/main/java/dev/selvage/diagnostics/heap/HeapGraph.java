package dev.selvage.diagnostics.heap;

import dev.selvage.diagnostics.text.ClassNames;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who refers to whom in a heap dump, and its threads. Objects are numbers, in the order of the
 * file; classes are objects too. Made by {@link #load}; does not change. For one thread.
 *
 * <p>The content of objects stays in the file; {@link Footprint} says how much memory it takes.
 */
public final class HeapGraph {
  /** Who refers to a virtual thread: an object by a field, or by an element of an array. */
  record Referrer(int holder, @Nullable String owner, String field) {}

  private static final int MAX_TEXT = 4096;

  static final String VIRTUAL_THREAD = "java/lang/VirtualThread";

  final Path file;
  final int idSize;
  final int size;
  final HeapClass[] classes;
  final int[] classOf; // index of the object's class; of a class itself -1 - its index
  final int[] shallow8; // in units of 8 bytes
  final int[] firstEdge;
  final IntList edges;
  final List<HeapThread> threads; // platform threads, then virtual ones
  final int firstVirtual;
  final BitSet isVirtualThread; // by object
  final IntList globalRoots;
  final int[] firstLocal; // by serial number of the thread
  final int[] locals;
  final int[] localFrame;
  final IntList referrers; // holder, thread (from 0 among the virtual), field
  final IntList handedOver; // a Reference of the program's, the queue that it may be put into
  final List<HeapClass.Ref> fields;
  final int[] tracking; // sets of threads of the JDK that only list
  final Map<Integer, Integer> executorSets; // set of threads -> the executor whose it is
  final int javaVersion; // a String; -1 where not known
  final int lostLocals;

  HeapGraph(Builder b) {
    this.file = b.file;
    this.idSize = b.idSize;
    this.size = b.ids.size();
    this.classes = b.classes.toArray(new HeapClass[0]);
    this.classOf = b.classOf;
    this.shallow8 = b.shallow8;
    this.firstEdge = b.firstEdge;
    this.edges = b.edges;
    this.threads = b.threads;
    this.firstVirtual = b.firstVirtual;
    this.isVirtualThread = b.isVirtualThread;
    this.globalRoots = b.globalRoots;
    this.firstLocal = b.firstLocal;
    this.locals = b.locals;
    this.localFrame = b.localFrame;
    this.referrers = b.referrers;
    this.handedOver = b.handedOver;
    this.fields = b.fieldList;
    this.tracking = b.tracking.stream().mapToInt(Integer::intValue).toArray();
    this.executorSets = b.executorSets;
    this.javaVersion = b.javaVersion;
    this.lostLocals = b.lostLocals;
  }

  /** Who is told how far it has come. */
  @FunctionalInterface
  public interface Progress {
    /** Called now and then, with one line for a person. */
    void say(String line);
  }

  /**
   * Reads a dump, twice from its start to its end.
   *
   * @param footprint is told how large it is, also where memory does not suffice for it
   * @throws HeapDumpException if it is none, is damaged, or is too large
   */
  public static HeapGraph load(Path file, Progress progress, Footprint footprint)
      throws IOException {
    return new Builder(file, progress, footprint).build();
  }

  /** How many objects it has. */
  public int size() {
    return size;
  }

  /** How many references between them. */
  public int references() {
    return edges.size();
  }

  /** How many local variables refer to what is not in the dump. */
  public int lostLocals() {
    return lostLocals;
  }

  /** The threads: those of the platform first. */
  public List<HeapThread> threads() {
    return java.util.Collections.unmodifiableList(threads);
  }

  /** The class of an object, as {@code java.util.HashMap}; of a class {@code class com.acme.A}. */
  public String className(int object) {
    int c = classOf[object];
    return c < 0 ? "class " + dotted(classes[-1 - c].name) : dotted(classes[c].name);
  }

  String internalName(int object) {
    int c = classOf[object];
    return c < 0 ? "java/lang/Class" : classes[c].name;
  }

  static String dotted(String internal) {
    return ClassNames.readable(internal.replace('/', '.'));
  }

  long shallow(int object) {
    return shallow8[object] * 8L;
  }

  /** Whether a local variable of that frame is of exactly that class, named as in class files. */
  public boolean hasLocal(HeapThread thread, int frame, String internalName) {
    int serial = thread.serial;
    if (serial <= 0 || serial + 1 >= firstLocal.length) {
      return false;
    }
    for (int i = firstLocal[serial]; i < firstLocal[serial + 1]; i++) {
      if (localFrame[i] == frame && internalName(locals[i]).equals(internalName)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Texts of the dump.
   *
   * @param names of threads that have one
   * @param javaVersion as {@code 25.0.3}; null where not known
   */
  public record Texts(Map<HeapThread, String> names, @Nullable String javaVersion) {}

  /** The names of those threads, and the version of Java, read from the file. */
  public Texts texts(Iterable<HeapThread> threads) throws IOException {
    var objects = new ArrayList<Integer>();
    for (HeapThread thread : threads) {
      if (thread.name >= 0) {
        objects.add(thread.name);
      }
    }
    if (javaVersion >= 0) {
      objects.add(javaVersion);
    }
    Map<Integer, String> texts = strings(objects);
    Map<HeapThread, String> names = new LinkedHashMap<>();
    for (HeapThread thread : threads) {
      String text = thread.name < 0 ? null : texts.get(thread.name);
      if (text != null && !text.isEmpty()) {
        names.put(thread, text);
      }
    }
    return new Texts(names, texts.get(javaVersion));
  }

  // ------------------------------------------------------------------ building

  /** Two passes: which objects there are, then who refers to whom. */
  private static final class Builder {
    private static final int MAX_OBJECTS = 1 << 30;
    private static final int MAX_FRAMES = 1 << 20;

    private final Path file;
    private final Progress progress;
    private final Footprint footprint;
    private final Map<Long, String> names = new HashMap<>();
    private final LongIntMap nameOfClass = new LongIntMap(); // id -> index in classNames
    private final List<String> classNames = new ArrayList<>();
    private final Map<Integer, String> classOfSerial = new HashMap<>();
    private final List<HeapClass> classes = new ArrayList<>();
    private final LongIntMap classIndex = new LongIntMap();
    private LongIntMap frames = new LongIntMap();
    private final List<StackTraceElement> frameList = new ArrayList<>();
    private final Map<StackTraceElement, Integer> frameIndex = new HashMap<>();
    private final Map<List<StackTraceElement>, HeapThread.Stack> stacks = new HashMap<>();
    private final Map<Integer, HeapThread.Stack> stackOfTrace = new HashMap<>();
    private final Ids ids = new Ids();
    private int idSize = 8;
    private int[] classOf = {};
    private int[] shallow8 = {};
    private int[] firstEdge = {};
    private final IntList edges = new IntList();
    private List<HeapThread> threads = new ArrayList<>();
    private int firstVirtual;
    private final BitSet isVirtualThread = new BitSet();
    private final IntList globalRoots = new IntList();
    private int[] firstLocal = {0};
    private int[] locals = {};
    private int[] localFrame = {};
    private final IntList referrers = new IntList();
    private final IntList handedOver = new IntList();
    private final List<HeapClass.Ref> fieldList = new ArrayList<>();
    private final List<Integer> tracking = new ArrayList<>();
    private final Map<Integer, Integer> executorSets = new HashMap<>();
    private int javaVersion = -1;
    private int lostLocals;
    private int refBytes = 8;
    private int headerBytes = 16;

    Builder(Path file, Progress progress, Footprint footprint) {
      this.file = file;
      this.progress = progress;
      this.footprint = footprint;
    }

    HeapGraph build() throws IOException {
      var index = new Index();
      try {
        HprofReader.read(file, index);
      } catch (OutOfMemoryError e) {
        footprint.objects(ids.size(), index.threadRoots.size(), index.share());
        throw e;
      }
      footprint.objects(ids.size(), index.threadRoots.size(), 1);
      if (index.threadRoots.isEmpty()) {
        throw new HeapDumpException(
            "it has no threads: make one with jcmd PID GC.heap_dump FILE, on HotSpot from 22 on");
      }
      progress.say(String.format(java.util.Locale.ROOT, "%,d objects", ids.size()));
      ids.freeze();
      names.clear();
      if (idSize == 8 && ids.span() < 32L << 30) {
        refBytes = 4; // the JVM's default below that size
        headerBytes = 12;
      } else if (idSize == 4) {
        refBytes = 4;
        headerBytes = 8;
      }
      for (HeapClass c : classes) {
        int parent = classIndex.get(c.superId);
        c.parent = parent < 0 ? null : classes.get(parent);
      }
      resolveThreads(index);
      int n = ids.size();
      classOf = new int[n];
      shallow8 = new int[n];
      firstEdge = new int[n + 1];
      var edgesVisitor = new Edges();
      try {
        HprofReader.read(file, edgesVisitor);
      } catch (OutOfMemoryError e) {
        footprint.references(edges.size(), edgesVisitor.localSerial.size(), edgesVisitor.share());
        throw e;
      }
      footprint.references(edges.size(), edgesVisitor.localSerial.size(), 1);
      if (edgesVisitor.number != n) {
        throw new HeapDumpException("it has changed while it was read");
      }
      firstEdge[n] = edges.size();
      edgesVisitor.sortLocals();
      edgesVisitor.judgePlatformThreads();
      progress.say(String.format(java.util.Locale.ROOT, "%,d references", edges.size()));
      return new HeapGraph(this);
    }

    private void resolveThreads(Index index) {
      List<HeapThread> virtual = new ArrayList<>();
      var known = new HashMap<Integer, HeapThread>();
      for (int i = 0; i < index.virtualObjects.size(); i++) {
        int object = index.virtualObjects.get(i);
        isVirtualThread.set(object);
        var thread = new HeapThread(object, true);
        thread.state = HeapThread.State.NOT_ALIVE;
        virtual.add(thread);
        known.put(object, thread);
      }
      for (long[] root : index.threadRoots) {
        int object = ids.find(root[0]);
        if (object < 0) {
          continue;
        }
        HeapThread thread = known.get(object);
        if (thread == null) {
          thread = new HeapThread(object, false);
          known.put(object, thread);
          threads.add(thread);
        }
        thread.serial = (int) root[1];
        HeapThread.Stack stack = stackOfTrace.get((int) root[2]);
        thread.stack = stack == null ? HeapThread.Stack.NONE : stack;
      }
      firstVirtual = threads.size();
      threads.addAll(virtual);
      stackOfTrace.clear();
    }

    private String name(long id) {
      String name = names.get(id);
      return name == null ? "?" : name;
    }

    /** One pass. */
    private abstract static class Pass extends HprofReader.Visitor {
      private @Nullable HprofInput in;

      @Override
      final void begin(HprofInput in) {
        this.in = in;
      }

      /** How much of the file has been read. */
      final double share() {
        return in == null ? 0 : in.share();
      }
    }

    /** The first pass. */
    private final class Index extends Pass {
      final List<long[]> threadRoots = new ArrayList<>();
      final IntList virtualObjects = new IntList();
      private @Nullable HeapClass open;

      @Override
      void string(long id, String text) {
        names.put(id, text);
      }

      @Override
      void loadClass(int serial, long classId, long nameId) {
        String name = name(nameId);
        classOfSerial.put(serial, name);
        nameOfClass.put(classId, classNames.size());
        classNames.add(name);
      }

      @Override
      void frame(long id, long methodId, long sourceId, int classSerial, int line) {
        String type = dotted(classOfSerial.getOrDefault(classSerial, "?"));
        String source = sourceId == 0 ? null : names.get(sourceId);
        var element =
            new StackTraceElement(
                type, name(methodId), source, line == -3 ? -2 : Math.max(line, -1));
        Integer known = frameIndex.putIfAbsent(element, frameList.size());
        if (known == null) {
          frameList.add(element);
        }
        frames.put(id, known == null ? frameList.size() - 1 : known);
      }

      @Override
      void trace(int serial, int threadSerial, long[] ids) throws IOException {
        var stack = new ArrayList<StackTraceElement>(ids.length);
        for (long id : ids) {
          int index = frames.get(id);
          if (index < 0) {
            throw new HeapDumpException("it is damaged: a stack with a frame that is missing");
          }
          stack.add(frameList.get(index));
        }
        List<StackTraceElement> key = List.copyOf(stack);
        stackOfTrace.put(serial, stacks.computeIfAbsent(key, HeapThread.Stack::new));
        if (frames.size() > MAX_FRAMES) {
          frames = new LongIntMap(); // HotSpot names the frames of each stack anew, before it
        }
      }

      @Override
      void root(int kind, long id, int thread, int place) {
        if (kind == HprofReader.ROOT_THREAD) {
          threadRoots.add(new long[] {id, thread, place});
        }
      }

      @Override
      void classDump(long id, long superId, long loader, long signers, long domain)
          throws IOException {
        int name = nameOfClass.get(id);
        open =
            new HeapClass(
                id, name < 0 ? "?" : classNames.get(name), superId, loader, signers, domain);
        classIndex.put(id, classes.size());
        classes.add(open);
        add(id);
      }

      @Override
      void staticField(long nameId, int type, long value) {
        java.util.Objects.requireNonNull(open)
            .statics
            .add(new HeapClass.Field(name(nameId), type, value));
      }

      @Override
      void field(long nameId, int type) {
        java.util.Objects.requireNonNull(open)
            .fields
            .add(new HeapClass.Field(name(nameId), type, 0));
      }

      @Override
      void instance(long id, long classId, int length, HprofInput in) throws IOException {
        idSize = in.idSize();
        int name = nameOfClass.get(classId);
        if (name >= 0 && classNames.get(name).equals(VIRTUAL_THREAD)) {
          virtualObjects.add(ids.size());
        }
        add(id);
        in.skip(length);
      }

      @Override
      void objectArray(long id, long classId, int length, HprofInput in) throws IOException {
        add(id);
        in.skip((long) length * in.idSize());
      }

      @Override
      void primitiveArray(long id, int type, int length, HprofInput in) throws IOException {
        add(id);
        super.primitiveArray(id, type, length, in);
      }

      private void add(long id) throws IOException {
        if (ids.size() == MAX_OBJECTS) {
          throw new HeapDumpException("it has more than " + MAX_OBJECTS + " objects");
        }
        if (id < 0) {
          throw new HeapDumpException("it is damaged: an object with the identifier " + id);
        }
        ids.add(id);
      }
    }

    /** Where a virtual thread has what. */
    private record ThreadFields(
        int state, int permit, int notified, int blocker, int name, int container, int carrier) {}

    /** The second pass. */
    private final class Edges extends Pass {
      private final IntList localSerial = new IntList();
      private final IntList localObject = new IntList();
      private final IntList localPlace = new IntList();
      private final Map<Integer, HeapThread> threadOf = new HashMap<>();
      private final Map<Integer, Integer> virtualNumber = new HashMap<>();
      private final Map<Integer, Integer> statusOfHolder = new HashMap<>();
      private byte[] bytes = new byte[1024];
      private int number;
      private @Nullable ThreadFields threadFields;
      private @Nullable VirtualStates states;

      Edges() {
        for (int i = 0; i < threads.size(); i++) {
          HeapThread thread = threads.get(i);
          threadOf.put(thread.object, thread);
          if (thread.virtual) {
            virtualNumber.put(thread.object, i - firstVirtual);
          }
        }
      }

      @Override
      void root(int kind, long id, int thread, int place) throws IOException {
        int object = ids.find(id);
        if (object < 0) {
          lostLocals += kind == HprofReader.ROOT_JAVA_FRAME ? 1 : 0;
          return;
        }
        switch (kind) {
          case HprofReader.ROOT_THREAD -> {
            if (!isVirtualThread.get(object)) {
              globalRoots.add(object);
            }
          }
          case HprofReader.ROOT_JAVA_FRAME,
              HprofReader.ROOT_JNI_LOCAL,
              HprofReader.ROOT_NATIVE_STACK,
              HprofReader.ROOT_THREAD_BLOCK -> {
            localSerial.add(thread);
            localObject.add(object);
            localPlace.add(place);
          }
          default -> globalRoots.add(object);
        }
      }

      /** Sorts what is on stacks by thread; what is on that of an unknown thread is a root. */
      void sortLocals() {
        int most = 0;
        for (HeapThread thread : threads) {
          most = Math.max(most, thread.serial);
        }
        var known = new BitSet();
        for (HeapThread thread : threads) {
          known.set(Math.max(thread.serial, 0));
        }
        known.clear(0);
        int[] first = new int[most + 2];
        int n = localSerial.size();
        for (int i = 0; i < n; i++) {
          int serial = localSerial.get(i);
          if (serial > 0 && known.get(serial)) {
            first[serial + 1]++;
          } else {
            globalRoots.add(localObject.get(i));
          }
        }
        for (int i = 1; i < first.length; i++) {
          first[i] += first[i - 1];
        }
        int[] next = first.clone();
        locals = new int[first[most + 1]];
        localFrame = new int[first[most + 1]];
        for (int i = 0; i < n; i++) {
          int serial = localSerial.get(i);
          if (serial > 0 && known.get(serial)) {
            int at = next[serial]++;
            locals[at] = localObject.get(i);
            localFrame[at] = localPlace.get(i);
          }
        }
        firstLocal = first;
      }

      /** What is known of their motion, when all objects have been read. */
      void judgePlatformThreads() {
        for (HeapThread thread : threads) {
          if (thread.virtual) {
            continue;
          }
          Integer status = statusOfHolder.get(thread.holder);
          boolean runs = status == null || (status & Motion.RUNNABLE) != 0;
          thread.gap =
              runs && Motion.mayHide(thread.stack.frames)
                  ? HeapThread.Gap.RESULT
                  : HeapThread.Gap.NONE;
        }
      }

      private int next() {
        int object = number++;
        firstEdge[object] = edges.size();
        return object;
      }

      private int edge(long id) throws IOException {
        int target = id == 0 ? -1 : ids.find(id);
        if (target >= 0) {
          if (edges.size() == Integer.MAX_VALUE) {
            throw new HeapDumpException("it has more than " + edges.size() + " references");
          }
          edges.add(target);
        }
        return target;
      }

      @Override
      void classDump(long id, long superId, long loader, long signers, long domain)
          throws IOException {
        int object = next();
        int index = classIndex.get(id);
        classOf[object] = -1 - index;
        HeapClass c = classes.get(index);
        edge(superId);
        for (long other : c.others) {
          edge(other);
        }
        for (HeapClass.Field f : c.statics) {
          if (f.type() == HprofReader.OBJECT) {
            int target = edge(f.value());
            if (f.name().equals("java_version") && c.name.equals("java/lang/VersionProps")) {
              javaVersion = target;
            }
            if (target >= 0
                && f.name().equals("VTHREADS")
                && c.name.startsWith("jdk/internal/vm/ThreadContainers")) {
              tracking.add(target);
            }
            noteReferrer(
                object, target, new HeapClass.Ref(0, c, f.name(), HeapClass.Use.FOLLOWED, -1));
          }
        }
      }

      @Override
      void instance(long id, long classId, int length, HprofInput in) throws IOException {
        int object = next();
        HeapClass c = classAt(object, classId);
        if (bytes.length < length) {
          bytes = new byte[length * 2];
        }
        in.read(bytes, length);
        HeapClass.Ref[] refs = refs(c);
        shallow8[object] = c.shallow;
        boolean virtual = isVirtualThread.get(object);
        IntList own = virtual ? new IntList() : null;
        for (HeapClass.Ref ref : refs) {
          if (ref.offset() + idSize > length) {
            throw new HeapDumpException("it is damaged: an object is shorter than its class says");
          }
          long value = idAt(ref.offset());
          if (value == 0 || ref.use() == HeapClass.Use.IGNORED) {
            continue;
          }
          if (ref.use() == HeapClass.Use.OWN && own != null) {
            int target = ids.find(value);
            if (target >= 0) {
              own.add(target);
            }
            continue;
          }
          int target = edge(value);
          noteReferrer(object, target, ref);
          noteSet(object, target, ref);
          if (ref.use() == HeapClass.Use.QUEUE && target >= 0) {
            handedOver.add(object);
            handedOver.add(target);
          }
        }
        HeapThread thread = threadOf.get(object);
        if (thread != null) {
          describe(thread, c, own);
        } else if (c.name.equals("jdk/internal/vm/StackChunk")) {
          int offset = c.offset(c.name, "size", idSize);
          shallow8[object] += offset < 0 ? 0 : Math.max(0, intAt(offset)); // in words
        } else if (c.name.equals("java/lang/Thread$FieldHolder")) {
          int offset = c.offset(c.name, "threadStatus", idSize);
          if (offset >= 0) {
            statusOfHolder.put(object, intAt(offset));
          }
        }
      }

      private HeapClass classAt(int object, long classId) throws IOException {
        int index = classIndex.get(classId);
        if (index < 0) {
          throw new HeapDumpException("it is damaged: an object whose class is missing");
        }
        classOf[object] = index;
        return classes.get(index);
      }

      @Override
      void objectArray(long id, long classId, int length, HprofInput in) throws IOException {
        int object = next();
        classAt(object, classId);
        shallow8[object] = eighths(headerBytes + 4L + (long) length * refBytes);
        for (int i = 0; i < length; i++) {
          int target = edge(in.id());
          if (target >= 0 && isVirtualThread.get(target)) {
            referrer(object, target, -1);
          }
        }
      }

      @Override
      void primitiveArray(long id, int type, int length, HprofInput in) throws IOException {
        int object = next();
        int element = HprofReader.size(type, idSize);
        shallow8[object] = eighths(headerBytes + 4L + (long) length * element);
        classOf[object] = primitiveClass(type);
        in.skip((long) length * element);
      }

      private final Map<Integer, Integer> primitives = new HashMap<>();

      private int primitiveClass(int type) {
        return primitives.computeIfAbsent(
            type,
            t -> {
              String name = "[" + "????ZCFDBSIJ".charAt(t);
              for (int i = 0; i < classes.size(); i++) {
                if (classes.get(i).name.equals(name)) {
                  return i;
                }
              }
              classes.add(new HeapClass(0, name, 0));
              return classes.size() - 1;
            });
      }

      private void noteReferrer(int holder, int target, HeapClass.Ref ref) {
        if (target < 0 || !isVirtualThread.get(target)) {
          return;
        }
        int field = ref.number();
        if (field < 0) {
          field = fieldList.size();
          fieldList.add(ref);
        }
        referrer(holder, target, field);
      }

      private void referrer(int holder, int target, int field) {
        referrers.add(holder);
        referrers.add(java.util.Objects.requireNonNull(virtualNumber.get(target)));
        referrers.add(field);
      }

      private void noteSet(int holder, int target, HeapClass.Ref ref) {
        if (target < 0) {
          return;
        }
        String owner = ref.owner().name;
        if (owner.equals("java/util/concurrent/ThreadPerTaskExecutor")
            && ref.name().equals("threads")) {
          executorSets.put(target, holder);
        } else if (owner.equals("jdk/internal/vm/SharedThreadContainer")
            && ref.name().equals("virtualThreads")) {
          tracking.add(target);
        }
      }

      private HeapClass.Ref[] refs(HeapClass c) throws IOException {
        if (c.refs != null) {
          return c.refs;
        }
        List<HeapClass.Ref> refs = new ArrayList<>();
        int offset = 0;
        long bytes = headerBytes;
        for (HeapClass d = c; d != null; d = d.parent) {
          for (HeapClass.Field f : d.fields) {
            if (f.type() == HprofReader.OBJECT) {
              HeapClass.Use use = Policy.use(c, d, f.name());
              var ref = new HeapClass.Ref(offset, d, f.name(), use, fieldList.size());
              fieldList.add(ref);
              refs.add(ref);
              bytes += refBytes;
            } else {
              bytes += HprofReader.size(f.type(), idSize);
            }
            offset += HprofReader.size(f.type(), idSize);
          }
        }
        c.shallow = eighths(bytes);
        HeapClass.Ref[] array = refs.toArray(new HeapClass.Ref[0]);
        c.refs = array;
        return array;
      }

      private static int eighths(long bytes) {
        return (int) Math.min(Integer.MAX_VALUE, (bytes + 7) / 8);
      }

      private int intAt(int offset) {
        return (bytes[offset] & 0xff) << 24
            | (bytes[offset + 1] & 0xff) << 16
            | (bytes[offset + 2] & 0xff) << 8
            | (bytes[offset + 3] & 0xff);
      }

      private long idAt(int offset) {
        long low = Integer.toUnsignedLong(intAt(offset));
        return idSize == 4 ? low : low << 32 | Integer.toUnsignedLong(intAt(offset + 4));
      }

      private int objectAt(int offset) {
        long id = offset < 0 ? 0 : idAt(offset);
        return id == 0 ? -1 : ids.find(id);
      }

      private void describe(HeapThread thread, HeapClass c, @Nullable IntList own)
          throws IOException {
        thread.name = objectAt(c.offset("java/lang/Thread", "name", idSize));
        if (own == null) {
          thread.holder = objectAt(c.offset("java/lang/Thread", "holder", idSize));
          return;
        }
        ThreadFields at = threadFields;
        if (at == null) {
          at =
              new ThreadFields(
                  c.offset(VIRTUAL_THREAD, "state", idSize),
                  c.offset(VIRTUAL_THREAD, "parkPermit", idSize),
                  c.offset(VIRTUAL_THREAD, "notified", idSize),
                  c.offset("java/lang/Thread", "parkBlocker", idSize),
                  c.offset("java/lang/Thread", "name", idSize),
                  c.offset("java/lang/Thread", "container", idSize),
                  c.offset(VIRTUAL_THREAD, "carrierThread", idSize));
          threadFields = at;
          states = new VirtualStates(c);
        }
        thread.blocker = objectAt(at.blocker);
        thread.container = objectAt(at.container);
        thread.own = new int[own.size()];
        for (int i = 0; i < thread.own.length; i++) {
          thread.own[i] = own.get(i);
        }
        boolean permit = at.permit >= 0 && bytes[at.permit] != 0;
        boolean notified = at.notified >= 0 && bytes[at.notified] != 0;
        if (at.state < 0 || states == null) {
          throw new HeapDumpException("its JVM is not known: a virtual thread has no state");
        }
        thread.state = states.state(intAt(at.state), permit || notified, thread.stack.frames);
        boolean mounted =
            at.carrier < 0 ? thread.state == HeapThread.State.RUNNABLE : idAt(at.carrier) != 0;
        thread.gap = states.gap(intAt(at.state), thread.stack.frames, mounted);
        thread.unwritten = thread.stack.frames.isEmpty() && states.isOff(intAt(at.state));
      }
    }
  }

  /** The texts of those Strings, read from the file in one more pass. */
  private Map<Integer, String> strings(Iterable<Integer> objects) throws IOException {
    Map<Integer, byte[]> wanted = new HashMap<>();
    Map<Integer, Integer> valueOf = new HashMap<>();
    for (int object : objects) {
      if (!internalName(object).equals("java/lang/String")) {
        continue;
      }
      for (int e = firstEdge[object]; e < firstEdge[object + 1]; e++) {
        int value = edges.get(e);
        valueOf.put(object, value);
        wanted.put(object, new byte[0]);
        wanted.put(value, new byte[0]);
      }
    }
    if (wanted.isEmpty()) {
      return Map.of();
    }
    HprofReader.read(
        file,
        new Counting() {
          @Override
          void at(int number, long objectId, int length, HprofInput in, int width)
              throws IOException {
            long bytes = (long) length * width;
            int take = wanted.containsKey(number) ? (int) Math.min(bytes, MAX_TEXT) : 0;
            if (take > 0) {
              byte[] content = new byte[take];
              in.read(content, take);
              wanted.put(number, content);
            }
            in.skip(bytes - take);
          }
        });
    Map<Integer, String> texts = new HashMap<>();
    for (var entry : valueOf.entrySet()) {
      int object = entry.getKey();
      byte[] string = java.util.Objects.requireNonNull(wanted.get(object));
      byte[] value = java.util.Objects.requireNonNull(wanted.get(entry.getValue()));
      HeapClass c = classes[classOf[object]];
      int coder = c.offset(c.name, "coder", idSize);
      boolean latin = coder >= 0 && coder < string.length && string[coder] == 0;
      // Two bytes a character lie as the machine has them; all that HotSpot runs on now are alike.
      texts.put(
          object,
          new String(value, latin ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_16LE));
    }
    return texts;
  }

  /** Counts objects as the graph does. */
  abstract static class Counting extends HprofReader.Visitor {
    private int number;

    /** An object that is no class; length elements of that width must be taken. */
    abstract void at(int number, long id, int length, HprofInput in, int width) throws IOException;

    /** A class. */
    void atClass(int number, long id) throws IOException {}

    @Override
    final void classDump(long id, long superId, long loader, long signers, long domain)
        throws IOException {
      atClass(number++, id);
    }

    @Override
    final void instance(long id, long classId, int length, HprofInput in) throws IOException {
      at(number++, id, length, in, 1);
    }

    @Override
    final void objectArray(long id, long classId, int length, HprofInput in) throws IOException {
      at(number++, id, length, in, in.idSize());
    }

    @Override
    final void primitiveArray(long id, int type, int length, HprofInput in) throws IOException {
      at(number++, id, length, in, HprofReader.size(type, in.idSize()));
    }
  }
}
