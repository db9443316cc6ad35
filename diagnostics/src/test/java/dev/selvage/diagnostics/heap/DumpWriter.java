package dev.selvage.diagnostics.heap;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/** Writes heap dumps of programs that never were, as HotSpot writes them. */
public final class DumpWriter {
  private static final String THREAD = "java/lang/Thread";
  private static final String HOLDER = "java/lang/Thread$FieldHolder";
  private static final String VIRTUAL = "java/lang/VirtualThread";
  private static final String BOTTOM = "jdk.internal.vm.Continuation.enter:1";

  /** The status of a platform thread that waits, and of one that runs. */
  public static final int WAITING = 0x91;

  public static final int RUNNABLE = 0x5;

  /** An object, a class, or an array of references. */
  public static final class Thing {
    private final long id;
    private final Type type;
    private final Map<String, Object> values = new LinkedHashMap<>();
    private final List<@Nullable Thing> elements = new ArrayList<>();
    private boolean array;
    private byte @Nullable [] bytes;

    private Thing(long id, Type type) {
      this.id = id;
      this.type = type;
    }

    /** Sets a field: a {@code Thing}, an {@code Integer} or a {@code Boolean}. */
    public Thing set(String field, Object value) {
      values.put(field, value);
      return this;
    }
  }

  private static final class Type {
    final Thing self;
    final String name;
    final @Nullable Type parent;
    final Map<String, Character> fields = new LinkedHashMap<>();
    final Map<String, Object> statics = new LinkedHashMap<>();
    int serial;

    Type(long id, String name, @Nullable Type parent) {
      this.self = new Thing(id, this);
      this.name = name;
      this.parent = parent;
    }
  }

  private static final class Stack {
    final Thing thread;
    final List<String> frames;
    final List<List<Thing>> locals = new ArrayList<>();

    Stack(Thing thread, List<String> frames) {
      this.thread = thread;
      this.frames = frames;
      frames.forEach(_ -> locals.add(new ArrayList<>()));
    }
  }

  private final int idSize;
  private final Map<String, Type> types = new LinkedHashMap<>();
  private final List<Thing> things = new ArrayList<>();
  private final Map<Thing, Stack> stacks = new LinkedHashMap<>();
  private final List<Thing> roots = new ArrayList<>();
  private final Map<String, Long> names = new LinkedHashMap<>();
  private boolean segments = true;
  private long nextId = 0x1000;

  /** With the classes that every JVM from 24 on has. */
  public DumpWriter(int idSize) {
    this.idSize = idSize;
    type("java/lang/Object", null);
    type("java/lang/String", "java/lang/Object", "Lvalue", "Zcoder");
    type(
        THREAD,
        "java/lang/Object",
        "Lname",
        "LparkBlocker",
        "Lcontainer",
        "LthreadLocals",
        "LuncaughtExceptionHandler",
        "Lholder");
    type(HOLDER, "java/lang/Object", "IthreadStatus");
    type(
        VIRTUAL,
        THREAD,
        "Lcont",
        "Istate",
        "ZparkPermit",
        "Znotified",
        "Ltermination",
        "LcarrierThread");
    states(
        Map.of(
            "NEW",
            0,
            "RUNNING",
            2,
            "PARKED",
            4,
            "PINNED",
            5,
            "TIMED_PARKED",
            7,
            "BLOCKED",
            13,
            "WAIT",
            16,
            "TIMED_WAIT",
            18,
            "TERMINATED",
            99,
            "SUSPENDED",
            256));
  }

  /** Replaces the names of the states by those of another release. */
  public DumpWriter states(Map<String, Integer> states) {
    Type virtual = known(VIRTUAL);
    virtual.statics.clear();
    virtual.statics.putAll(states);
    return this;
  }

  /** One piece, without an end, as JVMs wrote before they wrote segments. */
  public DumpWriter inOnePiece() {
    segments = false;
    return this;
  }

  /** A class; fields are a letter (L reference, I int, Z boolean) and a name. */
  public Thing type(String name, @Nullable String parent, String... fields) {
    Type type = new Type(nextId(), name, parent == null ? null : known(parent));
    for (String field : fields) {
      type.fields.put(field.substring(1), field.charAt(0));
    }
    types.put(name, type);
    type.serial = types.size();
    return type.self;
  }

  private Type known(String name) {
    Type type = types.get(name);
    if (type == null) {
      throw new IllegalArgumentException("no class " + name);
    }
    return type;
  }

  private long nextId() {
    nextId += 16;
    return nextId;
  }

  /** An instance; its class is made with those fields if there is none. */
  public Thing object(String type, String... fields) {
    if (!types.containsKey(type)) {
      type(type, "java/lang/Object", fields);
    }
    var thing = new Thing(nextId(), known(type));
    things.add(thing);
    return thing;
  }

  public Thing array(@Nullable Thing... elements) {
    return array("[Ljava/lang/Object;", elements);
  }

  public Thing array(String type, @Nullable Thing... elements) {
    Thing thing = object(type);
    thing.array = true;
    for (Thing element : elements) {
      thing.elements.add(element);
    }
    return thing;
  }

  public Thing string(String text) {
    if (!types.containsKey("[B")) {
      type("[B", "java/lang/Object");
    }
    var value = new Thing(nextId(), known("[B"));
    value.bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    things.add(value);
    return object("java/lang/String").set("value", value).set("coder", false);
  }

  public DumpWriter staticField(String type, String name, Object value) {
    known(type).statics.put(name, value);
    return this;
  }

  public DumpWriter root(Thing thing) {
    roots.add(thing);
    return this;
  }

  /** A platform thread that waits; frames are {@code com.acme.Order.quote:57}, leaf first. */
  public Thing platform(String name, String... frames) {
    return platform(name, WAITING, frames);
  }

  /** A platform thread of that status. */
  public Thing platform(String name, int status, String... frames) {
    Thing thread = object(THREAD).set("name", string(name));
    thread.set("holder", object(HOLDER).set("threadStatus", status));
    stacks.put(thread, new Stack(thread, List.of(frames)));
    return thread;
  }

  /** A virtual thread in that state; below those frames is what the JDK begins each with. */
  public Thing virtual(String name, int state, String... frames) {
    Thing thread = object(VIRTUAL).set("name", string(name)).set("state", state);
    if (frames.length > 0) {
      List<String> all = new ArrayList<>(List.of(frames));
      all.add(BOTTOM);
      stacks.put(thread, new Stack(thread, all));
    }
    return thread;
  }

  /** One that runs, and of whose stack only these frames have been written. */
  public Thing cut(String name, Thing carrier, String... frames) {
    Thing thread = object(VIRTUAL).set("name", string(name)).set("state", 2);
    stacks.put(thread, new Stack(thread, List.of(frames)));
    return thread.set("carrierThread", carrier);
  }

  /** A virtual thread that is parked by the JDK on that object, called by that frame. */
  public Thing parked(String name, @Nullable Thing blocker, String frame) {
    Thing thread =
        virtual(
            name,
            4,
            "java.lang.VirtualThread.park:742",
            "java.util.concurrent.locks.LockSupport.park:221",
            "java.util.concurrent.CountDownLatch.await:230",
            frame);
    local(thread, 0, thread);
    if (blocker != null) {
      thread.set("parkBlocker", blocker);
      local(thread, 2, blocker);
    }
    return thread;
  }

  /** What a frame has in a local variable. */
  public DumpWriter local(Thing thread, int frame, Thing thing) {
    Stack stack = stacks.get(thread);
    if (stack == null) {
      throw new IllegalArgumentException("it has no stack");
    }
    stack.locals.get(frame).add(thing);
    return this;
  }

  /** The same with a value that is not in the dump. */
  public DumpWriter localOfNothing(Thing thread) {
    return local(thread, 0, new Thing(nextId(), known("java/lang/Object")));
  }

  // ------------------------------------------------------------------ writing

  public Path write(Path file) throws IOException {
    return Files.write(file, bytes());
  }

  public Path writeCompressed(Path file) throws IOException {
    try (var out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write(bytes());
    }
    return file;
  }

  /** The dump. */
  public byte[] bytes() throws IOException {
    names.clear();
    var head = new ByteArrayOutputStream();
    var out = new DataOutputStream(head);
    out.writeBytes("JAVA PROFILE 1.0.2");
    out.writeByte(0);
    out.writeInt(idSize);
    out.writeLong(0);
    var records = new Sink();
    for (Type type : types.values()) {
      var load = new Sink();
      load.out.writeInt(type.serial);
      load.id(type.self.id);
      load.out.writeInt(0);
      load.id(name(records, type.name));
      records.record(2, load);
      type.fields.keySet().forEach(field -> name(records, field));
      type.statics.keySet().forEach(field -> name(records, field));
    }
    var heap = new Sink();
    int serial = 0;
    int frameId = 0;
    for (Stack stack : stacks.values()) {
      serial++;
      var trace = new Sink();
      trace.out.writeInt(serial);
      trace.out.writeInt(serial);
      trace.out.writeInt(stack.frames.size());
      for (String frame : stack.frames) {
        int colon = frame.lastIndexOf(':');
        int dot = frame.lastIndexOf('.', colon);
        String type = frame.substring(0, dot).replace('.', '/');
        if (!types.containsKey(type)) {
          Type made = known(type(type, "java/lang/Object").type.name);
          var load = new Sink();
          load.out.writeInt(made.serial);
          load.id(made.self.id);
          load.out.writeInt(0);
          load.id(name(records, type));
          records.record(2, load);
        }
        var f = new Sink();
        f.id(++frameId);
        f.id(name(records, frame.substring(dot + 1, colon)));
        f.id(name(records, "()V"));
        f.id(name(records, source(type)));
        f.out.writeInt(known(type).serial);
        f.out.writeInt(Integer.parseInt(frame.substring(colon + 1)));
        records.record(4, f);
        trace.id(frameId);
      }
      records.record(5, trace);
      heap.out.writeByte(0x08);
      heap.id(stack.thread.id);
      heap.out.writeInt(serial);
      heap.out.writeInt(serial);
      for (int frame = 0; frame < stack.locals.size(); frame++) {
        for (Thing local : stack.locals.get(frame)) {
          heap.out.writeByte(0x03);
          heap.id(local.id);
          heap.out.writeInt(serial);
          heap.out.writeInt(frame);
        }
      }
    }
    for (Thing root : roots) {
      heap.out.writeByte(0x01);
      heap.id(root.id);
      heap.id(0);
    }
    for (Type type : types.values()) {
      heap.type(type);
    }
    for (Thing thing : things) {
      heap.thing(thing);
    }
    if (segments) {
      records.record(0x1c, heap);
      records.record(0x2c, new Sink());
    } else {
      records.record(0x0c, heap);
    }
    out.write(records.bytes.toByteArray());
    return head.toByteArray();
  }

  private static String source(String type) {
    String simple = type.substring(type.lastIndexOf('/') + 1);
    int nested = simple.indexOf('$');
    return (nested < 0 ? simple : simple.substring(0, nested)) + ".java";
  }

  private long name(Sink records, String name) {
    Long known = names.get(name);
    if (known != null) {
      return known;
    }
    long id = 0x10L + names.size();
    names.put(name, id);
    try {
      var string = new Sink();
      string.id(id);
      string.out.write(name.getBytes(StandardCharsets.UTF_8));
      records.record(1, string);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return id;
  }

  private final class Sink {
    final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    final DataOutputStream out = new DataOutputStream(bytes);

    void id(long id) throws IOException {
      if (idSize == 8) {
        out.writeLong(id);
      } else {
        out.writeInt((int) id);
      }
    }

    void record(int tag, Sink body) throws IOException {
      out.writeByte(tag);
      out.writeInt(0);
      out.writeInt(body.bytes.size());
      out.write(body.bytes.toByteArray());
    }

    void type(Type type) throws IOException {
      out.writeByte(0x20);
      id(type.self.id);
      out.writeInt(0);
      id(type.parent == null ? 0 : type.parent.self.id);
      for (int i = 0; i < 5; i++) {
        id(0);
      }
      out.writeInt(0);
      out.writeShort(0);
      out.writeShort(type.statics.size());
      for (var entry : type.statics.entrySet()) {
        id(name(this, entry.getKey()));
        value(entry.getValue() instanceof Integer ? 'I' : 'L', entry.getValue(), true);
      }
      out.writeShort(type.fields.size());
      for (var entry : type.fields.entrySet()) {
        id(name(this, entry.getKey()));
        out.writeByte(tag(entry.getValue()));
      }
    }

    private int tag(char type) {
      return type == 'L' ? 2 : type == 'I' ? 10 : 4;
    }

    private void value(char type, @Nullable Object value, boolean tagged) throws IOException {
      if (tagged) {
        out.writeByte(tag(type));
      }
      switch (type) {
        case 'L' -> id(value == null ? 0 : ((Thing) value).id);
        case 'I' -> out.writeInt(value == null ? 0 : (Integer) value);
        default -> out.writeByte(Boolean.TRUE.equals(value) ? 1 : 0);
      }
    }

    void thing(Thing thing) throws IOException {
      if (thing.bytes != null) {
        out.writeByte(0x23);
        id(thing.id);
        out.writeInt(0);
        out.writeInt(thing.bytes.length);
        out.writeByte(8);
        out.write(thing.bytes);
        return;
      }
      if (thing.array) {
        out.writeByte(0x22);
        id(thing.id);
        out.writeInt(0);
        out.writeInt(thing.elements.size());
        id(thing.type.self.id);
        for (Thing element : thing.elements) {
          id(element == null ? 0 : element.id);
        }
        return;
      }
      var content = new Sink();
      for (Type type = thing.type; type != null; type = type.parent) {
        for (var field : type.fields.entrySet()) {
          content.value(field.getValue(), thing.values.get(field.getKey()), false);
        }
      }
      out.writeByte(0x21);
      id(thing.id);
      out.writeInt(0);
      id(thing.type.self.id);
      out.writeInt(content.bytes.size());
      out.write(content.bytes.toByteArray());
    }
  }
}
