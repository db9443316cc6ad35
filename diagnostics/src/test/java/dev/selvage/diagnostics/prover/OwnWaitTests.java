package dev.selvage.diagnostics.prover;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.selvage.Channel;
import dev.selvage.diagnostics.GoroutineInfo;
import dev.selvage.diagnostics.cores.Cores;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassElement;
import java.lang.classfile.ClassFile;
import java.lang.classfile.MethodModel;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class OwnWaitTests {
  @Test
  void aWaitOfTheLanguageTellsSinceWhenAndOnWhat() throws Exception {
    Channel<Integer> ch = Channel.buffered(3);
    long before = System.nanoTime();
    Thread thread =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    ch.receive();
                  } catch (InterruptedException e) {
                    throw new AssertionError(e);
                  }
                });
    untilBlocked(thread);
    OwnWait wait = Objects.requireNonNull(OwnWait.of(thread));
    assertTrue(wait.nanos() >= 0 && wait.nanos() <= System.nanoTime() - before);
    assertEquals(List.of("chan(0/3)"), wait.objects());

    // Nobody has observed it yet, but the list knows.
    GoroutineInfo info =
        Prover.ofThisJvm().goroutines().stream()
            .filter(goroutine -> goroutine.id() == thread.threadId())
            .findAny()
            .orElseThrow();
    assertTrue(info.waitSeconds().isPresent());
    assertEquals(List.of("chan(0/3)"), info.waitObjects());
    ch.send(1);
    thread.join();
    assertNull(OwnWait.of(thread));
  }

  @Test
  void soDoesTheWaitOfAnotherCopyOfTheLanguage() throws Exception {
    assertEquals(List.of("chan(0/0)"), objectsIn(new Copy(Set.of(), 2)));
  }

  /** A later protocol has everything of the earlier ones. */
  @Test
  void soDoesTheWaitOfANewerOne() throws Exception {
    assertEquals(List.of("chan(0/0)"), objectsIn(new Copy(Set.of(), 3)));
  }

  @Test
  void theWaitOfOneThatIsTooOldTellsNothing() throws Exception {
    assertNull(objectsIn(new Copy(Set.of("waitOf"), 1)));
    assertNull(objectsIn(new Copy(Set.of("waitOf"), 2)), "a promise that is broken");
  }

  /** What a receiver in another copy of the language tells of what it waits on. */
  private static @Nullable List<String> objectsIn(Copy loader) throws Exception {
    try (loader) {
      Class<?> channel = Class.forName("dev.selvage.Channel", true, loader);
      assertTrue(channel != Channel.class);
      Object ch = channel.getMethod("unbuffered").invoke(null);
      Thread thread =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      channel.getMethod("receiveOrNull").invoke(ch);
                    } catch (ReflectiveOperationException e) {
                      throw new LinkageError("no such channel", e);
                    }
                  });
      untilBlocked(thread);
      OwnWait wait = OwnWait.of(thread);
      channel.getMethod("close").invoke(ch);
      thread.join();
      return wait == null ? null : wait.objects();
    }
  }

  /** Loads the language anew, with a probe of another protocol that lacks some methods. */
  private static final class Copy extends URLClassLoader {
    private static final String PROBE = "dev.selvage.observe.Probe";

    private final Set<String> lacks;
    private final int protocol;

    Copy(Set<String> lacks, int protocol) {
      super(
          new URL[] {Channel.class.getProtectionDomain().getCodeSource().getLocation()},
          null); // any other would give that of the module which the tests run in
      this.lacks = lacks;
      this.protocol = protocol;
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
      return name.equals(PROBE) ? probe() : super.findClass(name);
    }

    private Class<?> probe() throws ClassNotFoundException {
      try (InputStream in = getResourceAsStream(PROBE.replace('.', '/') + ".class")) {
        byte[] bytes = Objects.requireNonNull(in).readAllBytes();
        byte[] other = ClassFile.of().transformClass(ClassFile.of().parse(bytes), this::transform);
        return defineClass(PROBE, other, 0, other.length);
      } catch (IOException e) {
        throw new ClassNotFoundException(PROBE, e);
      }
    }

    private void transform(ClassBuilder type, ClassElement element) {
      if (!(element instanceof MethodModel method)) {
        type.with(element);
      } else if (method.methodName().equalsString("protocol")) {
        type.withMethodBody(
            "protocol",
            MethodTypeDesc.of(ConstantDescs.CD_int),
            ClassFile.ACC_PUBLIC | ClassFile.ACC_STATIC,
            code -> code.loadConstant(protocol).ireturn());
      } else if (!lacks.contains(method.methodName().stringValue())) {
        type.with(method);
      }
    }
  }

  @Test
  void aWaitOfTheJdkTellsNothing() throws Exception {
    SynchronousQueue<String> queue = new SynchronousQueue<>();
    Thread thread =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    assertNotNull(queue.take());
                  } catch (InterruptedException e) {
                    throw new AssertionError(e);
                  }
                });
    untilBlocked(thread);
    assertNull(OwnWait.of(thread));
    queue.put("end");
    thread.join();
  }

  @Test
  void aLockOfAnotherCopyTellsWhoHasLockedIt() throws Exception {
    URL core = Channel.class.getProtectionDomain().getCodeSource().getLocation();
    try (URLClassLoader loader = new URLClassLoader(new URL[] {core}, null)) {
      Class<?> type = Class.forName("dev.selvage.sync.Mutex", true, loader);
      Object mutex = type.getConstructor().newInstance();
      Method lock = type.getMethod("lock");
      Thread thread =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      lock.invoke(mutex);
                      lock.invoke(mutex);
                    } catch (ReflectiveOperationException e) {
                      // interrupted, as it was meant to be
                    }
                  });
      untilBlocked(thread);
      Object blocker = Objects.requireNonNull(LockSupport.getBlocker(thread));
      assertEquals(thread.threadId(), Cores.keeperOf(thread, blocker));
      Cores.Obstacle obstacle = Objects.requireNonNull(Cores.obstacle(thread, blocker));
      assertEquals(thread.threadId(), obstacle.thread());
      assertEquals("locked by", obstacle.by());
      thread.interrupt();
      thread.join();
      assertEquals(0, Cores.keeperOf(thread, blocker));
      assertNull(Cores.obstacle(thread, blocker));
    }
  }

  private static void untilBlocked(Thread thread) throws InterruptedException {
    while (thread.getState() != Thread.State.WAITING) {
      Thread.sleep(1);
    }
  }
}
