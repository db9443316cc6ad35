package dev.selvage.diagnostics.growth;

import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.Instruction;
import java.lang.classfile.Label;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.ArrayLoadInstruction;
import java.lang.classfile.instruction.ArrayStoreInstruction;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.ConvertInstruction;
import java.lang.classfile.instruction.ExceptionCatch;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.classfile.instruction.LineNumber;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.LookupSwitchInstruction;
import java.lang.classfile.instruction.MonitorInstruction;
import java.lang.classfile.instruction.NewMultiArrayInstruction;
import java.lang.classfile.instruction.NewObjectInstruction;
import java.lang.classfile.instruction.NewPrimitiveArrayInstruction;
import java.lang.classfile.instruction.NewReferenceArrayInstruction;
import java.lang.classfile.instruction.OperatorInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.classfile.instruction.StackInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.classfile.instruction.TableSwitchInstruction;
import java.lang.classfile.instruction.ThrowInstruction;
import java.lang.classfile.instruction.TypeCheckInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Follows values through one method of a class file: what a subclass marks when it is pushed is
 * seen again where it is used as a receiver or argument, also through local variables, casts and
 * both arms of a condition. One object for one method at a time.
 */
abstract class Flow {
  /*
   * One pass forward over the code. A value is a set of marks (the bits of an int), 0 for any value
   * that is of no interest; a long or double takes two places, as in the class file. At a jump the
   * state is kept for its target, joined with what other jumps left there; after an instruction
   * that does not go on, the next label begins with what was kept for it. Jumps backwards are not
   * followed a second time, so what only a loop's end marks is not seen at its start.
   */

  private int[] stack = new int[16];
  private int depth;
  private int[] locals = new int[16];
  private int line;
  private boolean reachable;
  private final Map<Label, State> kept = new HashMap<>();

  private static final class State {
    final int[] stack;
    final int[] locals;

    State(int[] stack, int[] locals) {
      this.stack = stack;
      this.locals = locals;
    }
  }

  /** The marks of a field's value that is read. */
  abstract int onRead(FieldInstruction field);

  /** A value with marks is stored in a field. */
  abstract void onWrite(FieldInstruction field, int marks);

  /**
   * A method is called; {@code arguments} has the marks of the receiver, if any, and of each
   * argument. Returns the marks of the result.
   */
  abstract int onCall(InvokeInstruction call, int[] arguments);

  /** A lambda or the like is made, and captures these. Returns its marks. */
  abstract int onDynamic(InvokeDynamicInstruction call, int[] arguments);

  /** An object is made. Returns its marks. */
  abstract int onNew(String internalName);

  /** The method returns a value with marks. */
  abstract void onReturn(int marks);

  /** The line of the instruction that is at hand; 0 where the class file has no lines. */
  final int line() {
    return line;
  }

  /**
   * Goes through the method.
   *
   * @param parameters the marks of {@code this}, if any, and of each parameter
   * @return false when its code is not well formed for this reader (another compiler, an
   *     obfuscator); what was seen until there stands
   */
  final boolean run(MethodModel method, int[] parameters) {
    try {
      Optional<CodeModel> code = method.code();
      if (code.isPresent()) {
        start(method, parameters);
        code.get().forEach(this::accept);
      }
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private void accept(CodeElement element) {
    switch (element) {
      case LineNumber number -> line = number.line();
      case LabelTarget target -> arrive(target.label());
      // Its code finds one value, the exception; the variables are as they were so far.
      case ExceptionCatch handler ->
          kept.putIfAbsent(handler.handler(), new State(new int[] {0}, new int[0]));
      case Instruction instruction when reachable -> step(instruction);
      default -> {}
    }
  }

  private void start(MethodModel method, int[] parameters) {
    depth = 0;
    line = 0;
    reachable = true;
    kept.clear();
    Arrays.fill(locals, 0);
    int slot = 0;
    int at = 0;
    if (!method.flags().has(java.lang.reflect.AccessFlag.STATIC)) {
      setLocal(slot++, parameters[at++]);
    }
    for (ClassDesc type : method.methodTypeSymbol().parameterList()) {
      setLocal(slot, parameters[at++]);
      slot += TypeKind.from(type).slotSize();
    }
  }

  private void arrive(Label label) {
    State state = kept.remove(label);
    if (state == null) {
      if (!reachable) {
        depth = 0;
        reachable = true;
      }
      return;
    }
    if (!reachable) {
      depth = 0;
      for (int marks : state.stack) {
        push(marks);
      }
      reachable = true;
    } else {
      for (int i = 0; i < Math.min(depth, state.stack.length); i++) {
        stack[i] |= state.stack[i];
      }
    }
    for (int i = 0; i < state.locals.length; i++) {
      setLocal(i, local(i) | state.locals[i]);
    }
  }

  private void keep(Label label) {
    State now = new State(Arrays.copyOf(stack, depth), locals.clone());
    kept.merge(label, now, Flow::join);
  }

  private static State join(State a, State b) {
    return new State(join(a.stack, b.stack), join(a.locals, b.locals));
  }

  private static int[] join(int[] a, int[] b) {
    int[] both = Arrays.copyOf(a, Math.max(a.length, b.length));
    for (int i = 0; i < b.length; i++) {
      both[i] |= b[i];
    }
    return both;
  }

  private void step(Instruction instruction) {
    switch (instruction) {
      case LoadInstruction load ->
          pushKind(load.typeKind(), load.typeKind() == TypeKind.REFERENCE ? local(load.slot()) : 0);
      case StoreInstruction store -> setLocal(store.slot(), popKind(store.typeKind()));
      case FieldInstruction field -> field(field);
      case InvokeInstruction call -> {
        MethodTypeDesc type = call.typeSymbol();
        int[] arguments = arguments(type, call.opcode() != Opcode.INVOKESTATIC);
        pushKind(TypeKind.from(type.returnType()), onCall(call, arguments));
      }
      case InvokeDynamicInstruction call -> {
        MethodTypeDesc type = call.typeSymbol();
        int[] arguments = arguments(type, false);
        pushKind(TypeKind.from(type.returnType()), onDynamic(call, arguments));
      }
      case ConstantInstruction constant -> pushKind(constant.typeKind(), 0);
      case StackInstruction stackOperation -> shuffle(stackOperation.opcode());
      case OperatorInstruction operator -> operate(operator);
      case ConvertInstruction convert -> {
        popKind(convert.fromType());
        pushKind(convert.toType(), 0);
      }
      case ArrayLoadInstruction load -> {
        pop();
        int array = pop();
        pushKind(load.typeKind(), load.typeKind() == TypeKind.REFERENCE ? onElement(array) : 0);
      }
      case ArrayStoreInstruction store -> {
        popKind(store.typeKind());
        pop();
        pop();
      }
      case NewObjectInstruction made -> push(onNew(made.className().asInternalName()));
      case NewPrimitiveArrayInstruction _, NewReferenceArrayInstruction _ -> {
        pop();
        push(0);
      }
      case NewMultiArrayInstruction made -> {
        for (int i = 0; i < made.dimensions(); i++) {
          pop();
        }
        push(0);
      }
      case TypeCheckInstruction check -> {
        if (check.opcode() == Opcode.INSTANCEOF) {
          pop();
          push(0);
        }
      }
      case BranchInstruction branch -> branch(branch);
      case TableSwitchInstruction choice -> {
        pop();
        choice.cases().forEach(c -> keep(c.target()));
        keep(choice.defaultTarget());
        reachable = false;
      }
      case LookupSwitchInstruction choice -> {
        pop();
        choice.cases().forEach(c -> keep(c.target()));
        keep(choice.defaultTarget());
        reachable = false;
      }
      case ReturnInstruction result -> {
        if (result.typeKind() == TypeKind.REFERENCE) {
          int marks = pop();
          if (marks != 0) {
            onReturn(marks);
          }
        }
        reachable = false;
      }
      case ThrowInstruction _ -> reachable = false;
      case MonitorInstruction _ -> pop();
      // What is left moves nothing on the stack (iinc, nop) or is of no compiler since Java 6.
      default -> {}
    }
  }

  /** The marks of an element that is read from an array with these marks. */
  int onElement(int array) {
    return 0;
  }

  private void field(FieldInstruction field) {
    TypeKind kind = TypeKind.from(field.typeSymbol());
    switch (field.opcode()) {
      case GETSTATIC -> pushKind(kind, onRead(field));
      case GETFIELD -> {
        pop();
        pushKind(kind, onRead(field));
      }
      case PUTSTATIC -> onWrite(field, popKind(kind));
      default -> {
        int marks = popKind(kind);
        pop();
        onWrite(field, marks);
      }
    }
  }

  private int[] arguments(MethodTypeDesc type, boolean receiver) {
    List<ClassDesc> types = type.parameterList();
    int[] marks = new int[types.size() + (receiver ? 1 : 0)];
    for (int i = types.size() - 1; i >= 0; i--) {
      marks[i + (receiver ? 1 : 0)] = popKind(TypeKind.from(types.get(i)));
    }
    if (receiver) {
      marks[0] = pop();
    }
    return marks;
  }

  private void branch(BranchInstruction branch) {
    Opcode opcode = branch.opcode();
    switch (opcode) {
      case GOTO, GOTO_W -> {
        keep(branch.target());
        reachable = false;
      }
      case IF_ICMPEQ,
          IF_ICMPNE,
          IF_ICMPLT,
          IF_ICMPGE,
          IF_ICMPGT,
          IF_ICMPLE,
          IF_ACMPEQ,
          IF_ACMPNE -> {
        pop();
        pop();
        keep(branch.target());
      }
      default -> {
        pop();
        keep(branch.target());
      }
    }
  }

  private void operate(OperatorInstruction operator) {
    TypeKind kind = operator.typeKind();
    switch (operator.opcode()) {
      case ARRAYLENGTH -> {
        pop();
        push(0);
      }
      case INEG, LNEG, FNEG, DNEG -> {}
      case ISHL, ISHR, IUSHR, LSHL, LSHR, LUSHR -> pop();
      case LCMP, FCMPL, FCMPG, DCMPL, DCMPG -> {
        popKind(kind);
        popKind(kind);
        push(0);
      }
      default -> popKind(kind);
    }
  }

  private void shuffle(Opcode opcode) {
    switch (opcode) {
      case POP -> pop();
      case POP2 -> {
        pop();
        pop();
      }
      case DUP -> insert(1, 0);
      case DUP_X1 -> insert(1, 1);
      case DUP_X2 -> insert(1, 2);
      case DUP2 -> insert(2, 0);
      case DUP2_X1 -> insert(2, 1);
      case DUP2_X2 -> insert(2, 2);
      default -> {
        int top = pop();
        int below = pop();
        push(top);
        push(below);
      }
    }
  }

  /** Copies the top {@code count} places to below the {@code under} places under them. */
  private void insert(int count, int under) {
    int[] top = new int[count];
    for (int i = count - 1; i >= 0; i--) {
      top[i] = pop();
    }
    int[] below = new int[under];
    for (int i = under - 1; i >= 0; i--) {
      below[i] = pop();
    }
    pushAll(top);
    pushAll(below);
    pushAll(top);
  }

  private void pushAll(int[] values) {
    for (int value : values) {
      push(value);
    }
  }

  private void push(int marks) {
    if (depth == stack.length) {
      stack = Arrays.copyOf(stack, depth * 2);
    }
    stack[depth++] = marks;
  }

  private void pushKind(TypeKind kind, int marks) {
    for (int i = 0; i < kind.slotSize(); i++) {
      push(i == 0 ? marks : 0);
    }
  }

  private int pop() {
    // Code that is entered in a way not followed here may use more than is known of.
    return depth == 0 ? 0 : stack[--depth];
  }

  private int popKind(TypeKind kind) {
    int marks = 0;
    for (int i = 0; i < kind.slotSize(); i++) {
      marks = pop();
    }
    return marks;
  }

  private int local(int slot) {
    return slot < locals.length ? locals[slot] : 0;
  }

  private void setLocal(int slot, int marks) {
    if (slot >= locals.length) {
      locals = Arrays.copyOf(locals, Math.max(slot + 1, locals.length * 2));
    }
    locals[slot] = marks;
  }
}
