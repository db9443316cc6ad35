package dev.selvage.diagnostics.jdk;

import static java.lang.invoke.MethodType.methodType;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.management.ManagementFactory;
import org.jspecify.annotations.Nullable;

/**
 * What HotSpot exports about itself for its serviceability agent, as far as it is needed here.
 * Immutable.
 *
 * @param klassOffset where a Class object has the address of what the VM knows of the class
 * @param layoutHelperOffset where, from there, the size of an instance is
 * @param codeBegin the first address of the code cache
 * @param codeEnd the first address after it
 * @param interpreterBegin the first address of the interpreter in it, where the pc of each
 *     interpreted frame lies
 * @param interpreterEnd the first address after that
 */
record VmStructs(
    MethodHandle intAt,
    int klassOffset,
    long layoutHelperOffset,
    long codeBegin,
    long codeEnd,
    long interpreterBegin,
    long interpreterEnd) {
  /*
   * The table that gHotSpotVMStructs points to has an entry a field: the name of the type, the name
   * of the field, and its address if it is static, else its offset. Further symbols tell where in an
   * entry these are. The last entry has no type. The table is constant.
   */

  private static final int MOST_ENTRIES = 20_000;

  /**
   * Reads it.
   *
   * @return null if this VM does not export it, or not all that is needed
   * @throws Throwable what the handles throw
   */
  static @Nullable VmStructs read(MethodHandle longAt, MethodHandle intAt, MethodHandle byteAt)
      throws Throwable {
    // Symbols are looked for in the libraries of the JDK that are loaded, and in what those are
    // linked with, which the VM is. This one has a library.
    ManagementFactory.getThreadMXBean();
    long table = symbol("gHotSpotVMStructs", longAt);
    long stride = symbol("gHotSpotVMStructEntryArrayStride", longAt);
    if (table == 0 || stride <= 0) {
      return null;
    }
    long typeName = symbol("gHotSpotVMStructEntryTypeNameOffset", longAt);
    long fieldName = symbol("gHotSpotVMStructEntryFieldNameOffset", longAt);
    long address = symbol("gHotSpotVMStructEntryAddressOffset", longAt);
    long offset = symbol("gHotSpotVMStructEntryOffsetOffset", longAt);
    long klass = 0;
    long layoutHelper = 0;
    long low = 0;
    long high = 0;
    long interpreter = 0;
    long buffer = -1;
    long limit = -1;
    for (int i = 0; i < MOST_ENTRIES; i++) {
      long entry = table + i * stride;
      long type = (long) longAt.invokeExact(entry + typeName);
      if (type == 0) {
        break;
      }
      long field = (long) longAt.invokeExact(entry + fieldName);
      if (is("CodeCache", type, byteAt)) {
        if (is("_low_bound", field, byteAt)) {
          low = (long) longAt.invokeExact(entry + address);
        } else if (is("_high_bound", field, byteAt)) {
          high = (long) longAt.invokeExact(entry + address);
        }
      } else if (is("AbstractInterpreter", type, byteAt) && is("_code", field, byteAt)) {
        interpreter = (long) longAt.invokeExact(entry + address);
      } else if (is("StubQueue", type, byteAt)) {
        if (is("_stub_buffer", field, byteAt)) {
          buffer = (long) longAt.invokeExact(entry + offset);
        } else if (is("_buffer_limit", field, byteAt)) {
          limit = (long) longAt.invokeExact(entry + offset);
        }
      } else if (is("Klass", type, byteAt) && is("_layout_helper", field, byteAt)) {
        layoutHelper = (long) longAt.invokeExact(entry + offset);
      } else if (is("java_lang_Class", type, byteAt) && is("_klass_offset", field, byteAt)) {
        klass = (long) longAt.invokeExact(entry + address);
      }
    }
    if (klass == 0 || layoutHelper == 0 || low == 0 || high == 0) {
      return null;
    }
    if (interpreter == 0 || buffer < 0 || limit < 0) {
      return null;
    }
    long queue = (long) longAt.invokeExact(interpreter);
    if (queue == 0) {
      return null;
    }
    long begin = (long) longAt.invokeExact(queue + buffer);
    return new VmStructs(
        intAt,
        (int) intAt.invokeExact(klass),
        layoutHelper,
        (long) longAt.invokeExact(low),
        (long) longAt.invokeExact(high),
        begin,
        begin + (int) intAt.invokeExact(queue + limit));
  }

  /** How large an instance of the class is, in bytes, but for the lowest bits. */
  int layoutHelper(long klass) throws Throwable {
    return (int) intAt.invokeExact(klass + layoutHelperOffset);
  }

  /** The value of a variable that the VM exports; 0 if it does not. */
  private static long symbol(String name, MethodHandle longAt) throws Throwable {
    long address =
        (long)
            MethodHandles.privateLookupIn(ClassLoader.class, MethodHandles.lookup())
                .findStatic(
                    ClassLoader.class,
                    "findNative",
                    methodType(
                        long.class, ClassLoader.class, Class.class, String.class, String.class))
                .invokeExact((ClassLoader) null, (Class<?>) Object.class, name, name);
    return address == 0 ? 0 : (long) longAt.invokeExact(address);
  }

  private static boolean is(String expected, long text, MethodHandle byteAt) throws Throwable {
    for (int i = 0; i < expected.length(); i++) {
      if ((byte) byteAt.invokeExact(text + i) != expected.charAt(i)) {
        return false;
      }
    }
    return (byte) byteAt.invokeExact(text + expected.length()) == 0;
  }
}
