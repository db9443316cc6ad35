package dev.selvage.internal.gmp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.Method;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Where there is no memory nothing is lost and nothing done twice: whoever submits is told so
 * before anything was done, as the JDK expects, which tries again.
 */
class MemoryTests {
  /** The scheduler's classes, and {@link Scarce}, which asks whether there is memory. */
  private static final class Refusing extends ChangedClasses {
    /** All that a submission allocates is allocated in these. */
    private static final Set<String> MAKING = Set.of("Batch.of", "Processor.overflow");

    @Override
    ClassTransform change(String type) {
      return ClassTransform.transformingMethodBodies(
          method -> MAKING.contains(type + "." + method.methodName().stringValue()), new Asking());
    }
  }

  private static final class Asking implements CodeTransform {
    @Override
    public void atStart(CodeBuilder code) {
      code.invokestatic(
          ClassDesc.of(Scarce.class.getName()), "make", MethodTypeDesc.of(ConstantDescs.CD_void));
    }

    @Override
    public void accept(CodeBuilder code, CodeElement element) {
      code.with(element);
    }
  }

  /** Carries out one of Scarce's, and returns how often memory was refused. */
  private static int refused(String name, Object... arguments) throws Exception {
    Class<?>[] types = arguments.length == 0 ? new Class<?>[0] : new Class<?>[] {boolean.class};
    Method method = new Refusing().loadClass(Scarce.class.getName()).getDeclaredMethod(name, types);
    method.setAccessible(true);
    return (int) method.invoke(null, arguments);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatDoesNotFitIntoTheRingStaysWithWhoSubmitsIt(boolean next) throws Exception {
    assertEquals(1, refused("fullRing", next));
  }

  @Test
  void soDoesWhatIsForTheGlobalQueue() throws Exception {
    assertEquals(2, refused("globalQueue"));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whoseTimeSliceIsOverRunsOn(boolean asked) throws Exception {
    int refused = refused("timeSlice", asked);
    assertTrue(refused >= (asked ? 2 : 1), "refused: " + refused);
  }
}
