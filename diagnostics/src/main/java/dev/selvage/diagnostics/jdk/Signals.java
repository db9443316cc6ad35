package dev.selvage.diagnostics.jdk;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import org.jspecify.annotations.Nullable;

/**
 * Signals of the operating system, by the class of {@code jdk.unsupported} that there is for it.
 */
public final class Signals {
  private static final String SUSPENDS =
      ", or start the JVM with _JAVA_SR_SIGNUM=40 in its environment: then it suspends threads with"
          + " signal 40 and leaves USR2 alone";

  private Signals() {}

  /**
   * Runs something whenever the process gets a signal, on a thread of the JVM for each.
   *
   * <p>Only a signal that nobody uses is taken. {@code USR2} is not one on Linux, unless HotSpot
   * was given another by {@code _JAVA_SR_SIGNUM} in its environment: it suspends threads with it,
   * and its flight recorder could sample none any more. {@code USR1} is.
   *
   * @param name without SIG, as {@code USR1}
   * @throws IllegalArgumentException if there is no such signal here, or somebody uses it, with the
   *     reason
   */
  public static void handle(String name, Runnable action) {
    try {
      Class<?> signalType = Class.forName("sun.misc.Signal");
      Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
      Method handle = signalType.getMethod("handle", signalType, handlerType);
      Object signal = signalType.getConstructor(String.class).newInstance(name);
      Object handler =
          Proxy.newProxyInstance(
              Signals.class.getClassLoader(),
              new Class<?>[] {handlerType},
              (self, method, arguments) -> {
                switch (method.getName()) {
                  case "handle" -> action.run();
                  case "equals" -> {
                    return arguments != null && self == arguments[0];
                  }
                  case "hashCode" -> {
                    return System.identityHashCode(self);
                  }
                  case "toString" -> {
                    return "Selvage's handler of SIG" + name;
                  }
                  default -> {}
                }
                return null;
              });
      Object before = handle.invoke(null, signal, handler);
      if (before != handlerType.getField("SIG_DFL").get(null)
          && before != handlerType.getField("SIG_IGN").get(null)) {
        handle.invoke(null, signal, before);
        throw new IllegalArgumentException(
            "signal "
                + name
                + " is in use, by the JVM or by the program; choose another, as USR1"
                + (name.equals("USR2") ? SUSPENDS : ""));
      }
    } catch (InvocationTargetException e) {
      throw refused(name, e.getCause());
    } catch (ReflectiveOperationException | LinkageError e) {
      throw new IllegalArgumentException(
          "signals cannot be had: this JVM has no module jdk.unsupported", e);
    }
  }

  private static IllegalArgumentException refused(String name, @Nullable Throwable cause) {
    return new IllegalArgumentException(
        "signal "
            + name
            + " cannot be had: "
            + (cause == null ? "no reason is known" : cause.getMessage())
            + "; USR1 can, where there are signals",
        cause);
  }
}
