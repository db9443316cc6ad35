package dev.selvage.agent;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.instrument.Instrumentation;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import org.jspecify.annotations.Nullable;

/**
 * The entry of the agent, for {@code -javaagent:selvage-agent.jar=options} and for attaching. It
 * hands over to the agent's own class loader at once, so that the application may bring Selvage
 * classes of its own, of any version, or none.
 *
 * <p>Nothing that goes wrong in here reaches the program: it is said on standard error in one line,
 * and the program runs on.
 */
public final class Agent {
  /*
   * Invariants.
   *  1. This class and its loader are all that the application's class loader ever sees of the
   *     agent, and they use nothing but the JDK.
   *     What it tells the application's copy of the language it tells in types of the JDK.
   *  2. There is one inner loader in a JVM, however often the agent is loaded: what has been proven
   *     is remembered there.
   */

  private static final String RUNTIME = "dev.selvage.agent.internal.AgentRuntime";

  // written under Agent.class
  private static volatile @Nullable Inside inside;

  private static volatile @Nullable Instrumentation instrumentation;

  private Agent() {}

  /**
   * Called by the JVM before the program's main method.
   *
   * @param options {@code key=value} pairs joined by commas, values percent-encoded; null for none
   * @param instrumentation given by the JVM
   */
  public static void premain(@Nullable String options, Instrumentation instrumentation) {
    try {
      start(options, instrumentation, "premain");
    } catch (Throwable t) {
      System.err.println("selvage: disabled: " + t);
    }
  }

  /**
   * Called by the JVM when a tool attaches. Returns when what the options ask for has been done, or
   * could not be: then the file that they name as {@code report} says why. Without one it is said
   * on standard error. Nothing is thrown, since the JVM would write its stack into the program's.
   *
   * @param options as for {@link #premain}
   * @param instrumentation given by the JVM
   */
  public static void agentmain(@Nullable String options, Instrumentation instrumentation) {
    try {
      start(options, instrumentation, "agentmain");
    } catch (Throwable t) {
      System.err.println("selvage: refused: " + t);
    }
  }

  /**
   * Called by the language when it is first used, from whatever class loader the program has it: it
   * needs two packages of the JDK for its own scheduler. Anybody else is refused.
   *
   * @param caller the class that needs them
   * @throws IllegalArgumentException if that is not Selvage's
   */
  public static void open(Class<?> caller) {
    checkDoor(caller);
    Instrumentation i = instrumentation;
    if (i != null) {
      Set<Module> core = Set.of(caller.getModule());
      Map<String, Set<Module>> opens = Map.of("java.lang", core, "jdk.internal.vm", core);
      i.redefineModule(Object.class.getModule(), Set.of(), Map.of(), opens, Set.of(), Map.of());
    }
  }

  /**
   * Told by the language when it has begun to schedule. Where all virtual threads of the JVM are to
   * be on our scheduler, it is this one from now on, so that the program's goroutines and its other
   * virtual threads are served by the same processors. Only the language that the program starts
   * with is heard: one that comes in a class loader of its own may go with it.
   *
   * @param caller the class that tells it
   * @param scheduler never throws and never parks when a thread becomes runnable
   * @throws IllegalArgumentException if the class is not Selvage's
   */
  public static void offer(Class<?> caller, Executor scheduler) {
    checkDoor(caller);
    for (ClassLoader l = ClassLoader.getSystemClassLoader(); l != null; l = l.getParent()) {
      if (l == caller.getClassLoader()) {
        ask("adopt", Executor.class, scheduler);
      }
    }
  }

  private static void checkDoor(Class<?> caller) {
    if (!caller.getName().equals("dev.selvage.internal.jdk.VirtualThreads25")) {
      throw new IllegalArgumentException(caller + " is not Selvage's");
    }
  }

  private static void start(@Nullable String options, Instrumentation instrumentation, String how)
      throws Exception {
    Agent.instrumentation = instrumentation;
    try {
      inside()
          .loadClass(RUNTIME)
          .getMethod(how, String.class, Instrumentation.class)
          .invoke(null, options == null ? "" : options, instrumentation);
    } catch (java.lang.reflect.InvocationTargetException e) {
      if (e.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw e;
    }
  }

  // ------------------------------------------------------------------ for the language

  /**
   * Whether a thread, or shutdown hook, is the agent's and never acts for the program. Any thread
   * may ask; does not block.
   */
  public static boolean isOwn(Thread thread) {
    return Boolean.TRUE.equals(ask("isOwn", Thread.class, thread));
  }

  /**
   * What the JVM would run when it ends, and on signals, as the {@code endings} of the language's
   * {@code Probe} says; without what is not known. Any thread may ask.
   */
  public static Map<String, List<?>> endings() {
    Map<String, List<?>> known = new HashMap<>();
    if (ask("endings", null, null) instanceof Map<?, ?> lists) {
      lists.forEach(
          (key, list) -> {
            if (key instanceof String name && list instanceof List<?> values) {
              known.put(name, values);
            }
          });
    }
    return known;
  }

  /** Told when all goroutines are asleep, and the report is in the program's log. */
  public static void asleep(String report) {
    ask("asleep", String.class, report);
  }

  /** Null where there is no answer: the agent has not started, or something went wrong. */
  private static @Nullable Object ask(
      String method, @Nullable Class<?> type, @Nullable Object argument) {
    Inside started = inside;
    if (started == null) {
      return null;
    }
    try {
      Class<?> runtime = started.loadClass(RUNTIME);
      return type == null
          ? runtime.getMethod(method).invoke(null)
          : runtime.getMethod(method, type).invoke(null, argument);
    } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
      return null;
    }
  }

  private static synchronized Inside inside() throws IOException, URISyntaxException {
    Inside loader = inside;
    if (loader == null) {
      URI jar = Agent.class.getProtectionDomain().getCodeSource().getLocation().toURI();
      loader = new Inside(new File(jar));
      inside = loader;
    }
    return loader;
  }

  /**
   * Loads what lies under {@code META-INF/selvage} in the agent's jar; the JDK is its only parent.
   */
  private static final class Inside extends ClassLoader {
    private static final String PREFIX = "META-INF/selvage/";

    static {
      registerAsParallelCapable();
    }

    private final File file;
    private final JarFile jar;

    Inside(File file) throws IOException {
      super("selvage", ClassLoader.getPlatformClassLoader());
      this.file = file;
      this.jar = new JarFile(file);
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
      JarEntry entry = jar.getJarEntry(PREFIX + name.replace('.', '/') + ".class");
      if (entry == null) {
        throw new ClassNotFoundException(name);
      }
      try (InputStream in = jar.getInputStream(entry)) {
        byte[] bytes = in.readAllBytes();
        definePackageOf(name);
        return defineClass(name, bytes, 0, bytes.length, Agent.class.getProtectionDomain());
      } catch (IOException e) {
        throw new ClassNotFoundException(name, e);
      }
    }

    /** Gives the package the version that the jar says it has. */
    private synchronized void definePackageOf(String className) throws IOException {
      String name = className.substring(0, className.lastIndexOf('.'));
      if (getDefinedPackage(name) == null) {
        Manifest manifest = jar.getManifest();
        String version =
            manifest == null
                ? null
                : manifest.getMainAttributes().getValue(Attributes.Name.IMPLEMENTATION_VERSION);
        definePackage(name, null, null, null, null, version, null, null);
      }
    }

    @Override
    protected @Nullable URL findResource(String name) {
      if (jar.getJarEntry(PREFIX + name) == null) {
        return null;
      }
      try {
        return URI.create("jar:" + file.toURI() + "!/" + PREFIX + name).toURL();
      } catch (MalformedURLException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
