package dev.selvage.verification.stress;

import java.lang.reflect.Method;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * After each test no virtual thread may be left, whoever started it: the JDK's own list is asked,
 * and asked again, since the last to end may need a moment. Not its dump, by which JDK 25 crashes
 * now and then if threads run meanwhile.
 */
final class NobodyLeft implements AfterEachCallback {
  private static final int PATIENCE_MILLIS = 20_000;

  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    check(PATIENCE_MILLIS);
  }

  /** Throws if there still are virtual threads after that time. */
  static void check(int patienceMillis) throws ReflectiveOperationException, InterruptedException {
    List<Thread> left = virtualThreads();
    for (int waited = 0; !left.isEmpty(); waited += 20) {
      if (waited >= patienceMillis) {
        StringBuilder text = new StringBuilder("goroutines are left:");
        for (Thread thread : left) {
          text.append('\n').append(thread).append(' ').append(thread.getState());
          for (StackTraceElement frame : thread.getStackTrace()) {
            text.append("\n    at ").append(frame);
          }
        }
        throw new AssertionError(text.toString());
      }
      Thread.sleep(20);
      left = virtualThreads();
    }
  }

  private static List<Thread> virtualThreads() throws ReflectiveOperationException {
    Class<?> containers = Class.forName("jdk.internal.vm.ThreadContainers");
    Object root = call(containers, containers, "root"); // static: any receiver will do
    Class<?> container = Class.forName("jdk.internal.vm.ThreadContainer");
    if (!(call(root, container, "threads") instanceof Stream<?> threads)) {
      throw new IllegalStateException("this JDK lists its threads in another way");
    }
    return threads.map(Thread.class::cast).filter(Thread::isVirtual).toList();
  }

  private static Object call(Object receiver, Class<?> type, String name)
      throws ReflectiveOperationException {
    Method method = type.getDeclaredMethod(name);
    method.setAccessible(true);
    return method.invoke(receiver);
  }
}
