package dev.selvage.examples.leaks;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.stream.Stream;

/**
 * The stacks of all threads of this JVM, virtual ones too. Each is asked for its own stack: the
 * JDK's dump of all takes snapshots, in which JDK 25.0.3 can crash while threads run.
 */
final class ThreadDump {
  private static final Method THREADS = method("threads");
  private static final Method CHILDREN = method("children");

  private ThreadDump() {}

  /** How many frames contain the text. */
  static long framesWith(String text) throws ReflectiveOperationException {
    Object root = Class.forName("jdk.internal.vm.ThreadContainers").getMethod("root").invoke(null);
    return threads(root)
        .flatMap(thread -> Arrays.stream(thread.getStackTrace()))
        .filter(frame -> frame.toString().contains(text))
        .count();
  }

  /** Those of a container, and of what is within it: an executor and a scope have their own. */
  private static Stream<Thread> threads(Object container) {
    return Stream.concat(
        stream(THREADS, container).map(Thread.class::cast),
        stream(CHILDREN, container).flatMap(ThreadDump::threads));
  }

  private static Stream<?> stream(Method method, Object container) {
    try {
      return (Stream<?>) method.invoke(container);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Method method(String name) {
    try {
      Method method = Class.forName("jdk.internal.vm.ThreadContainer").getMethod(name);
      method.setAccessible(true); // opened by the tests' command line
      return method;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
