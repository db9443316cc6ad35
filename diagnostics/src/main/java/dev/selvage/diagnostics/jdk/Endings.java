package dev.selvage.diagnostics.jdk;

import static java.lang.invoke.MethodType.methodType;

import java.io.PrintStream;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodHandles.Lookup;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.Hashtable;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.logging.ConsoleHandler;
import java.util.logging.ErrorManager;
import java.util.logging.FileHandler;
import java.util.logging.Handler;
import java.util.logging.LogManager;
import java.util.logging.Logger;

/**
 * What the JVM runs when it ends, and on signals. Read anew for each question, since packages may
 * be opened late. What cannot be read is left out; what is not understood is listed.
 */
final class Endings {
  /*
   * What is relied upon, all read in the source of JDK 25.0.3:
   *  - java.lang.ApplicationShutdownHooks.hooks has all hooks, guarded by its class, and is null as
   *    soon as they run. The other two hooks of java.lang.Shutdown restore the console and delete
   *    files.
   *  - jdk.internal.misc.Signal.handlers has all handlers in Java, those of sun.misc.Signal too. The
   *    JVM's own, which ends it, is java.lang.Terminator's.
   *  - java.util.logging.LogManager registers a hook when it is made, which closes the handlers of
   *    all loggers in its two contexts. So it runs code of the program where one of those is the
   *    program's, or something that such a handler calls.
   */
  private static final String TERMINATOR = "java.lang.Terminator$";
  private static final String LOGGING_CLEANER = "java.util.logging.LogManager$Cleaner";

  private Endings() {}

  /** See {@link Jdk#endings}. */
  static Map<String, List<?>> list() {
    Map<String, List<?>> lists = new HashMap<>();
    put(lists, "hooks", "java.lang", Endings::hooks);
    put(lists, "signals", "jdk.internal.misc", Endings::signals);
    return lists;
  }

  private interface Reader {
    List<?> read() throws ReflectiveOperationException;
  }

  private static void put(
      Map<String, List<?>> lists, String name, String packageName, Reader reader) {
    // Where it is closed nothing may be touched either: the language counts which classes of the
    // JDK were loaded.
    if (!Object.class.getModule().isOpen(packageName, Endings.class.getModule())) {
      return;
    }
    try {
      lists.put(name, reader.read());
    } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
      // This JDK is another, or is ending: it is not known.
    }
  }

  // --------------- Signals ---------------

  private static List<Object> signals() throws ReflectiveOperationException {
    Class<?> type = Class.forName("jdk.internal.misc.Signal");
    List<Object> handlers = new ArrayList<>();
    if (get(type, "handlers", Hashtable.class) instanceof Hashtable<?, ?> all) {
      synchronized (all) {
        handlers.addAll(all.values());
      }
    } else {
      throw new ReflectiveOperationException("no handlers");
    }
    handlers.removeIf(handler -> handler.getClass().getName().startsWith(TERMINATOR));
    return handlers;
  }

  // --------------- Hooks ---------------

  private static List<Thread> hooks() throws ReflectiveOperationException {
    Class<?> type = Class.forName("java.lang.ApplicationShutdownHooks");
    List<Thread> hooks = new ArrayList<>();
    synchronized (type) {
      if (!(get(type, "hooks", IdentityHashMap.class) instanceof IdentityHashMap<?, ?> all)) {
        throw new ReflectiveOperationException("they are running");
      }
      for (Object hook : all.keySet()) {
        hooks.add((Thread) hook);
      }
    }
    List<Thread> cleaners =
        hooks.stream().filter(hook -> hook.getClass().getName().equals(LOGGING_CLEANER)).toList();
    // One: that of the log manager. Another would be that of a subclass.
    if (cleaners.size() == 1 && Logging.closesOnlyItsOwn()) {
      hooks.removeAll(cleaners);
    }
    return hooks;
  }

  private static Object get(Class<?> type, String field, Class<?> fieldType)
      throws ReflectiveOperationException {
    MethodHandle getter =
        MethodHandles.privateLookupIn(type, MethodHandles.lookup())
            .findStaticGetter(type, field, fieldType);
    return call(getter);
  }

  private static Object call(MethodHandle handle, Object... arguments)
      throws ReflectiveOperationException {
    try {
      Object result = handle.invokeWithArguments(arguments);
      if (result == null) {
        throw new ReflectiveOperationException("it is null");
      }
      return result;
    } catch (ReflectiveOperationException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new ReflectiveOperationException(e);
    }
  }

  /** Only linked where the program has the module for logging. */
  private static final class Logging {
    private Logging() {}

    /** Whether closing all handlers runs no code but the JDK's. */
    static boolean closesOnlyItsOwn() {
      LogManager manager = LogManager.getLogManager();
      if (manager.getClass() != LogManager.class || System.err.getClass() != PrintStream.class) {
        return false;
      }
      try {
        Lookup lookup = MethodHandles.privateLookupIn(LogManager.class, MethodHandles.lookup());
        Class<?> context = Class.forName(LogManager.class.getName() + "$LoggerContext");
        MethodHandle contexts =
            lookup.findVirtual(LogManager.class, "contexts", methodType(List.class));
        MethodHandle names =
            lookup.findVirtual(context, "getLoggerNames", methodType(Enumeration.class));
        MethodHandle find =
            lookup.findVirtual(context, "findLogger", methodType(Logger.class, String.class));
        for (Object each : (List<?>) call(contexts, manager)) {
          Enumeration<?> all = (Enumeration<?>) call(names, each);
          while (all.hasMoreElements()) {
            Object logger = find.invokeWithArguments(each, all.nextElement());
            if (logger != null && !closesOnlyItsOwn((Logger) logger)) {
              return false;
            }
          }
        }
        return true;
      } catch (Throwable e) {
        return false; // java.util.logging is closed, or is not as expected
      }
    }

    private static boolean closesOnlyItsOwn(Logger logger) {
      if (!isJdks(logger)) {
        return false;
      }
      for (Handler handler : logger.getHandlers()) {
        Class<?> type = handler.getClass();
        if ((type != ConsoleHandler.class && type != FileHandler.class)
            || !isJdks(handler.getFormatter())
            || handler.getErrorManager().getClass() != ErrorManager.class) {
          return false;
        }
      }
      return true;
    }

    private static boolean isJdks(Object object) {
      return object.getClass().getModule() == LogManager.class.getModule();
    }
  }
}
