package dev.selvage.internal.jdk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.internal.jdk.DefaultScheduler.UnexpectedJdkException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Instruction;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ForkJoinWorkerThread;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** What is done to the JDK's class, and what is not done to a class that is another. */
class DefaultSchedulerTests {
  private static final ClassFile FILE = ClassFile.of();
  private static final ClassDesc OBJECT = ConstantDescs.CD_Object;

  private static byte[] original() throws IOException {
    try (InputStream in = Object.class.getResourceAsStream("VirtualThread.class")) {
      assertNotNull(in);
      return in.readAllBytes();
    }
  }

  @Test
  void oneConstructorGetsOneInstructionMoreAndNothingElseChanges() throws Exception {
    ClassModel before = FILE.parse(original());
    ClassModel after = FILE.parse(DefaultScheduler.transform(original()));
    assertEquals(before.fields().toString(), after.fields().toString());
    assertEquals(before.superclass().toString(), after.superclass().toString());
    assertEquals(before.methods().size(), after.methods().size());
    for (int i = 0; i < before.methods().size(); i++) {
      MethodModel was = before.methods().get(i);
      MethodModel is = after.methods().get(i);
      assertEquals(was.methodName().stringValue(), is.methodName().stringValue());
      assertEquals(was.methodType().stringValue(), is.methodType().stringValue());
      assertEquals(was.flags().flagsMask(), is.flags().flagsMask());
      assertEquals(
          was.attributes().stream().map(a -> a.attributeName().stringValue()).toList(),
          is.attributes().stream().map(a -> a.attributeName().stringValue()).toList());
      if (!was.methodName().equalsString("<init>")) {
        assertArrayEquals(code(was), code(is), () -> was + " has changed");
        continue;
      }
      List<Instruction> more = instructions(is);
      int at = index(more, InvokeInstruction.class, call -> call.name().equalsString("pick"));
      var call = (InvokeInstruction) more.remove(at);
      assertEquals("java/lang/SelvageHook", call.owner().asInternalName());
      var read = (FieldInstruction) more.get(at - 1);
      assertEquals("DEFAULT_SCHEDULER", read.name().stringValue());
      assertEquals(instructions(was).toString(), more.toString());
    }
  }

  @Test
  void oneMethodIsAskedFirstAndNothingElseChanges() throws Exception {
    byte[] original = worker();
    ClassModel before = FILE.parse(original);
    ClassModel after = FILE.parse(DefaultScheduler.transformAsked(original));
    assertEquals(before.fields().toString(), after.fields().toString());
    assertEquals(before.methods().size(), after.methods().size());
    for (int i = 0; i < before.methods().size(); i++) {
      MethodModel was = before.methods().get(i);
      MethodModel is = after.methods().get(i);
      assertEquals(was.methodName().stringValue(), is.methodName().stringValue());
      assertEquals(was.flags().flagsMask(), is.flags().flagsMask());
      if (!was.methodName().equalsString("hasKnownQueuedWork")) {
        assertArrayEquals(code(was), code(is), () -> was + " has changed");
        continue;
      }
      List<Instruction> more = instructions(is);
      var call = (InvokeInstruction) more.getFirst();
      assertEquals("java/lang/SelvageHook", call.owner().asInternalName());
      assertEquals(
          List.of(Opcode.IFEQ, Opcode.ICONST_1, Opcode.IRETURN),
          more.subList(1, 4).stream().map(Instruction::opcode).toList());
      assertEquals(
          instructions(was).stream().map(Instruction::opcode).toList(),
          more.subList(4, more.size()).stream().map(Instruction::opcode).toList());
    }
  }

  @Test
  void aClassWithoutThatMethodIsRefused() throws Exception {
    byte[] other =
        FILE.transformClass(
            FILE.parse(worker()),
            ClassTransform.dropping(
                element ->
                    element instanceof MethodModel method
                        && method.methodName().equalsString("hasKnownQueuedWork")));
    for (byte[] file : List.of(other, original())) {
      String message =
          assertThrows(UnexpectedJdkException.class, () -> DefaultScheduler.transformAsked(file))
              .getMessage();
      assertNotNull(message);
      assertTrue(message.contains("has no method hasKnownQueuedWork"), message);
    }
  }

  private static byte[] worker() throws IOException {
    try (InputStream in =
        ForkJoinWorkerThread.class.getResourceAsStream("ForkJoinWorkerThread.class")) {
      assertNotNull(in);
      return in.readAllBytes();
    }
  }

  private static byte[] code(MethodModel method) {
    return method.code().map(code -> ((CodeAttribute) code).codeArray()).orElse(new byte[0]);
  }

  private static List<Instruction> instructions(MethodModel method) {
    var list = new ArrayList<Instruction>();
    method
        .code()
        .orElseThrow()
        .forEach(
            element -> {
              if (element instanceof Instruction instruction) {
                list.add(instruction);
              }
            });
    return list;
  }

  private static <T> int index(List<Instruction> list, Class<T> type, Predicate<T> meant) {
    for (int i = 0; i < list.size(); i++) {
      if (type.isInstance(list.get(i)) && meant.test(type.cast(list.get(i)))) {
        return i;
      }
    }
    throw new AssertionError("not there");
  }

  // --------------- Other builds of the JDK ---------------

  @Test
  void aConstructorThatDoesNotReadTheDefaultIsRefused() throws Exception {
    byte[] other =
        inConstructor(
            (code, element) -> {
              if (isRead(element)) {
                code.aconst_null();
              } else {
                code.with(element);
              }
            });
    assertRefused(other, "reads DEFAULT_SCHEDULER 0 times");
  }

  @Test
  void aConstructorThatReadsTheDefaultTwiceIsRefused() throws Exception {
    byte[] other =
        inConstructor(
            (code, element) -> {
              code.with(element);
              if (isRead(element)) {
                code.pop().with(element);
              }
            });
    assertRefused(other, "reads DEFAULT_SCHEDULER 2 times");
  }

  @Test
  void aConstructorThatDoesSomethingElseWithTheDefaultIsRefused() throws Exception {
    byte[] other =
        inConstructor(
            (code, element) -> {
              code.with(element);
              if (isRead(element)) {
                code.nop();
              }
            });
    assertRefused(other, "does something else with DEFAULT_SCHEDULER");
  }

  @Test
  void aConstructorThatSetsSomethingElseIsRefused() throws Exception {
    byte[] other =
        inConstructor(
            (code, element) -> {
              if (element instanceof FieldInstruction field
                  && field.opcode() == Opcode.PUTFIELD
                  && field.name().equalsString("scheduler")) {
                code.pop().aconst_null();
              }
              code.with(element);
            });
    assertRefused(other, "sets its scheduler to something else");
  }

  @Test
  void anotherConstructorIsRefused() throws Exception {
    byte[] other =
        FILE.transformClass(
            FILE.parse(original()),
            ClassTransform.endHandler(
                builder ->
                    builder.withMethodBody(
                        "<init>",
                        MethodTypeDesc.of(ConstantDescs.CD_void),
                        0,
                        code -> code.aconst_null().athrow())));
    assertRefused(other, "has the constructors");
  }

  @Test
  void anotherClassIsRefused() throws Exception {
    byte[] other = FILE.build(OBJECT, builder -> builder.withSuperclass(OBJECT));
    assertRefused(other, "java/lang/Object");
    assertRefused(Arrays.copyOf(original(), 100), "cannot be read");
    assertRefused(new byte[0], "cannot be read");
  }

  private static boolean isRead(Object element) {
    return element instanceof FieldInstruction field
        && field.opcode() == Opcode.GETSTATIC
        && field.name().equalsString("DEFAULT_SCHEDULER");
  }

  private static byte[] inConstructor(CodeTransform transform) throws IOException {
    return FILE.transformClass(
        FILE.parse(original()),
        ClassTransform.transformingMethodBodies(
            method -> method.methodName().equalsString("<init>"), transform));
  }

  private static void assertRefused(byte[] other, String sentence) {
    String message =
        assertThrows(UnexpectedJdkException.class, () -> DefaultScheduler.transform(other))
            .getMessage();
    assertNotNull(message);
    assertTrue(message.contains(sentence), message);
  }
}
