package dev.selvage.internal.jdk;

import static java.lang.classfile.ClassFile.ACC_FINAL;
import static java.lang.classfile.ClassFile.ACC_PUBLIC;
import static java.lang.classfile.ClassFile.ACC_STATIC;
import static java.lang.classfile.ClassFile.ACC_SUPER;
import static java.lang.classfile.ClassFile.ACC_SYNTHETIC;
import static java.lang.classfile.ClassFile.ACC_VOLATILE;
import static java.lang.constant.ConstantDescs.CD_String;
import static java.lang.constant.ConstantDescs.CD_boolean;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_void;
import static java.lang.constant.ConstantDescs.INIT_NAME;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Instruction;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodHandles.Lookup;
import java.lang.invoke.VarHandle;
import java.lang.reflect.AccessFlag;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinWorkerThread;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Lets the JDK use another scheduler for virtual threads for which nobody has chosen one. It has no
 * way of its own for that, so one instruction is added to one constructor. And lets its queues ask
 * that scheduler, too, whether others wait for the carrier.
 *
 * <p>Any thread may call it; nothing here blocks.
 */
public final class DefaultScheduler {
  /*
   * What is relied upon, read in the source of JDK 25.0.3: java.lang.VirtualThread has one
   * constructor, with parameters (Executor scheduler, String, int, Runnable). Where it is given no
   * scheduler, and its parent is no virtual thread, it does
   *
   *     scheduler = DEFAULT_SCHEDULER;
   *
   * and later, at one place, this.scheduler = scheduler. That read becomes
   *
   *     scheduler = SelvageHook.pick(DEFAULT_SCHEDULER);
   *
   * The JDK does not verify its own classes: one that is wrong crashes the JVM. So whatever is not
   * exactly so is refused, and the result is verified here.
   *
   * SelvageHook is defined in java.lang itself, by a lookup in it. So it is visible where it is
   * called, without a jar that is appended to the boot class path, a file, or a read edge. It refers
   * to nothing but types of java.base.
   *
   * Before LinkedTransferQueue (and by it SynchronousQueue) and Exchanger spin for some microseconds
   * for their partner, they ask ForkJoinWorkerThread.hasKnownQueuedWork() whether that may be in the
   * queue of their own carrier, and then wait at once. It knows the carriers of a ForkJoinPool only,
   * so on others each hand-over would cost that time. It is made to begin with
   *
   *     if (SelvageHook.isWork()) return true;
   *
   * That is about time only: where the method is not there, it is left out.
   */
  private static final ClassDesc VIRTUAL_THREAD = ClassDesc.of("java.lang.VirtualThread");
  private static final ClassDesc HOOK = ClassDesc.of("java.lang.SelvageHook");
  private static final ClassDesc EXECUTOR = desc(Executor.class);
  private static final ClassDesc POOL = desc(ForkJoinPool.class);
  private static final MethodTypeDesc CONSTRUCTOR =
      MethodTypeDesc.of(CD_void, EXECUTOR, CD_String, CD_int, desc(Runnable.class));
  private static final int PARAMETER = 1;
  private static final String SCHEDULER = "scheduler";
  private static final String PICK = "pick";
  private static final ClassDesc WORKER = desc(ForkJoinWorkerThread.class);
  private static final ClassDesc SUPPLIER = desc(BooleanSupplier.class);
  private static final MethodTypeDesc ASKS = MethodTypeDesc.of(CD_boolean);
  private static final String KNOWN = "hasKnownQueuedWork";
  private static final String WORK = "work";
  private static final String IS_WORK = "isWork";

  /** Of the JDK's classes only, and without loading any. */
  private static final ClassFile FILE =
      ClassFile.of(
          ClassHierarchyResolverOption.of(
              ClassHierarchyResolver.defaultResolver()
                  .orElse(
                      ClassHierarchyResolver.ofResourceParsing(
                          ClassLoader.getPlatformClassLoader()))));

  private DefaultScheduler() {}

  /** A class of the JDK is not as it is known here. Its message says in which way. */
  public static final class UnexpectedJdkException extends Exception {
    private static final long serialVersionUID = 1;

    UnexpectedJdkException(String message) {
      super(message);
    }

    UnexpectedJdkException(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** The class whose constructor is to be changed. */
  public static Class<?> target() throws UnexpectedJdkException {
    try {
      return Class.forName("java.lang.VirtualThread", false, null);
    } catch (ClassNotFoundException e) {
      throw new UnexpectedJdkException("there is no class java.lang.VirtualThread", e);
    }
  }

  /** The class file with the one instruction more. */
  public static byte[] transform(byte[] virtualThread) throws UnexpectedJdkException {
    try {
      ClassModel model = FILE.parse(virtualThread);
      MethodModel constructor = check(model);
      byte[] changed =
          FILE.transformClass(
              model,
              ClassTransform.ofStateful(
                  () ->
                      (builder, element) -> {
                        if (element == constructor) {
                          builder.transformMethod(
                              constructor, MethodTransform.transformingCode(picking()));
                        } else {
                          builder.with(element);
                        }
                      }));
      List<VerifyError> errors = FILE.verify(changed);
      if (!errors.isEmpty()) {
        throw new UnexpectedJdkException("what was made of it is wrong: " + errors.getFirst());
      }
      return changed;
    } catch (IllegalArgumentException | IllegalStateException e) {
      throw new UnexpectedJdkException("java.lang.VirtualThread cannot be read: " + e, e);
    }
  }

  /** The class whose method is to be changed that queues ask whether there is work. */
  public static Class<?> asked() {
    return ForkJoinWorkerThread.class;
  }

  /** The class file of {@link #asked} with the question in it. */
  public static byte[] transformAsked(byte[] worker) throws UnexpectedJdkException {
    try {
      ClassModel model = FILE.parse(worker);
      List<MethodModel> methods =
          model.methods().stream()
              .filter(
                  method ->
                      method.methodName().equalsString(KNOWN)
                          && method.methodTypeSymbol().equals(ASKS)
                          && method.flags().has(AccessFlag.STATIC)
                          && method.code().isPresent())
              .toList();
      if (!model.thisClass().asSymbol().equals(WORKER) || methods.size() != 1) {
        throw new UnexpectedJdkException(
            model.thisClass().asInternalName() + " has no method " + KNOWN + " of the known kind");
      }
      byte[] changed =
          FILE.transformClass(
              model,
              ClassTransform.transformingMethodBodies(
                  methods.getFirst()::equals, CodeTransform.ofStateful(DefaultScheduler::asking)));
      List<VerifyError> errors = FILE.verify(changed);
      if (!errors.isEmpty()) {
        throw new UnexpectedJdkException("what was made of it is wrong: " + errors.getFirst());
      }
      return changed;
    } catch (IllegalArgumentException | IllegalStateException e) {
      throw new UnexpectedJdkException(
          "java.util.concurrent.ForkJoinWorkerThread cannot be read: " + e, e);
    }
  }

  /** Asks the hook first. */
  private static CodeTransform asking() {
    return new CodeTransform() {
      private boolean begun;

      @Override
      public void accept(CodeBuilder code, CodeElement element) {
        if (!begun && element instanceof Instruction) {
          begun = true;
          code.invokestatic(HOOK, IS_WORK, ASKS).ifThen(then -> then.iconst_1().ireturn());
        }
        code.with(element);
      }
    };
  }

  private static CodeTransform picking() {
    return (code, element) -> {
      code.with(element);
      if (element instanceof Instruction instruction && readsDefault(instruction)) {
        code.invokestatic(HOOK, PICK, MethodTypeDesc.of(EXECUTOR, POOL));
      }
    };
  }

  /** The constructor that is to be changed, if all is as it is known. */
  private static MethodModel check(ClassModel model) throws UnexpectedJdkException {
    if (!model.thisClass().asSymbol().equals(VIRTUAL_THREAD)) {
      throw unexpected("is called " + model.thisClass().asInternalName());
    }
    List<MethodModel> constructors =
        model.methods().stream().filter(m -> m.methodName().equalsString(INIT_NAME)).toList();
    if (constructors.size() != 1
        || !constructors.getFirst().methodTypeSymbol().equals(CONSTRUCTOR)) {
      throw unexpected(
          "has the constructors "
              + constructors.stream().map(m -> m.methodTypeSymbol().displayDescriptor()).toList()
              + " and not the one that takes a scheduler");
    }
    MethodModel constructor = constructors.getFirst();
    CodeModel code = constructor.code().orElseThrow(() -> unexpected("has no code"));
    List<Instruction> instructions = new ArrayList<>();
    code.forEach(
        element -> {
          if (element instanceof Instruction instruction) {
            instructions.add(instruction);
          }
        });
    int read = only(instructions, DefaultScheduler::readsDefault, "reads DEFAULT_SCHEDULER");
    if (!(instructions.get(read + 1) instanceof StoreInstruction store)
        || store.opcode().kind() != Opcode.Kind.STORE
        || store.slot() != PARAMETER) {
      throw unexpected("does something else with DEFAULT_SCHEDULER than it did");
    }
    int write = only(instructions, DefaultScheduler::writesScheduler, "sets its scheduler");
    if (write < read
        || !(instructions.get(write - 1) instanceof LoadInstruction load)
        || load.slot() != PARAMETER) {
      throw unexpected("sets its scheduler to something else than it did");
    }
    return constructor;
  }

  private static int only(List<Instruction> instructions, Predicate<Instruction> what, String does)
      throws UnexpectedJdkException {
    int at = -1;
    int count = 0;
    for (int i = 0; i < instructions.size(); i++) {
      if (what.test(instructions.get(i))) {
        at = i;
        count++;
      }
    }
    // Something follows, since a constructor ends with a return.
    if (count != 1) {
      throw unexpected(does + " " + count + " times, and not once");
    }
    return at;
  }

  private static boolean readsDefault(Instruction instruction) {
    return instruction instanceof FieldInstruction field
        && field.opcode() == Opcode.GETSTATIC
        && field.owner().asSymbol().equals(VIRTUAL_THREAD)
        && field.name().equalsString("DEFAULT_SCHEDULER")
        && field.typeSymbol().equals(POOL);
  }

  private static boolean writesScheduler(Instruction instruction) {
    return instruction instanceof FieldInstruction field
        && field.opcode() == Opcode.PUTFIELD
        && field.owner().asSymbol().equals(VIRTUAL_THREAD)
        && field.name().equalsString(SCHEDULER)
        && field.typeSymbol().equals(EXECUTOR);
  }

  private static UnexpectedJdkException unexpected(String how) {
    return new UnexpectedJdkException("the constructor of java.lang.VirtualThread " + how);
  }

  private static ClassDesc desc(Class<?> type) {
    return ClassDesc.ofDescriptor(type.descriptorString());
  }

  // --------------- The hook ---------------

  /** Where the hook finds the scheduler. */
  public static final class Hook {
    private final VarHandle scheduler;
    private final VarHandle work;

    private Hook(VarHandle scheduler, VarHandle work) {
      this.scheduler = scheduler;
      this.work = work;
    }

    /**
     * Says which scheduler it is from now on; null for the JDK's own. If it is a {@link
     * BooleanSupplier} as well it is asked whether others wait for the carrier of the caller.
     */
    public void set(@Nullable Executor executor) {
      work.setVolatile(executor instanceof BooleanSupplier supplier ? supplier : null);
      scheduler.setVolatile(executor);
    }

    /** The one that it is now. */
    public @Nullable Executor get() {
      return (Executor) scheduler.getVolatile();
    }
  }

  /**
   * Defines the class that the changed constructor calls; to be called before that is put in place.
   * Until a scheduler is set the JDK's own is used.
   */
  public static Hook hook() throws UnexpectedJdkException {
    try {
      Lookup lookup = MethodHandles.privateLookupIn(target(), MethodHandles.lookup());
      Class<?> hook;
      try {
        hook = Class.forName(name(HOOK), false, null);
      } catch (ClassNotFoundException e) {
        hook = lookup.defineClass(hookClass());
      }
      return new Hook(
          lookup.findStaticVarHandle(hook, SCHEDULER, Executor.class),
          lookup.findStaticVarHandle(hook, WORK, BooleanSupplier.class));
    } catch (ReflectiveOperationException | LinkageError | RuntimeException e) {
      throw new UnexpectedJdkException("no class can be added to java.lang: " + e, e);
    }
  }

  /**
   *
   *
   * <pre>
   * public final class SelvageHook {
   *   static volatile Executor scheduler;
   *   static volatile BooleanSupplier work;
   *   static Executor pick(ForkJoinPool jdks) {
   *     Executor s = scheduler;
   *     return s == null ? jdks : s;
   *   }
   *   public static boolean isWork() {
   *     BooleanSupplier w = work;
   *     return w == null ? false : w.getAsBoolean();
   *   }
   * }
   * </pre>
   */
  private static byte[] hookClass() {
    return FILE.build(
        HOOK,
        builder ->
            builder
                .withFlags(ACC_PUBLIC | ACC_FINAL | ACC_SUPER | ACC_SYNTHETIC)
                .withField(SCHEDULER, EXECUTOR, ACC_STATIC | ACC_VOLATILE)
                .withField(WORK, SUPPLIER, ACC_STATIC | ACC_VOLATILE)
                .withMethodBody(
                    PICK,
                    MethodTypeDesc.of(EXECUTOR, POOL),
                    ACC_STATIC,
                    code ->
                        code.getstatic(HOOK, SCHEDULER, EXECUTOR)
                            .dup()
                            .ifThen(Opcode.IFNONNULL, then -> then.areturn())
                            .pop()
                            .aload(0)
                            .areturn())
                .withMethodBody(
                    IS_WORK,
                    ASKS,
                    ACC_PUBLIC | ACC_STATIC,
                    code ->
                        code.getstatic(HOOK, WORK, SUPPLIER)
                            .dup()
                            .ifThen(
                                Opcode.IFNONNULL,
                                then ->
                                    then.invokeinterface(SUPPLIER, "getAsBoolean", ASKS).ireturn())
                            .pop()
                            .iconst_0()
                            .ireturn()));
  }

  private static String name(ClassDesc type) {
    return type.packageName() + "." + type.displayName();
  }

  /** The scheduler of a virtual thread, to see whether all this has worked. */
  public static @Nullable Executor schedulerOf(Thread virtual) throws UnexpectedJdkException {
    try {
      Class<?> type = target();
      return (Executor)
          MethodHandles.privateLookupIn(type, MethodHandles.lookup())
              .findVarHandle(type, SCHEDULER, Executor.class)
              .get(virtual);
    } catch (ReflectiveOperationException | RuntimeException e) {
      throw new UnexpectedJdkException("a virtual thread does not tell its scheduler: " + e, e);
    }
  }
}
