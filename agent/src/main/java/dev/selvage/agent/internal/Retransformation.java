package dev.selvage.agent.internal;

import dev.selvage.internal.gmp.WholeJvm;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.security.ProtectionDomain;
import org.jspecify.annotations.Nullable;

/** Changes one class of the JDK. */
final class Retransformation implements WholeJvm.Changer {
  /*
   * The transformer does not stay, for two reasons. While one is registered that can retransform,
   * the JVM keeps a state of its own for every virtual thread that loads a class, and by it the
   * thread: such a thread could not be proven to leak any more (JDK 25.0.3). And each class that is
   * loaded would be shown to it. The price: another agent that changes the class later starts from
   * the JDK's file, and this change is lost. See WholeJvm.renew.
   */
  private final Instrumentation instrumentation;

  Retransformation(Instrumentation instrumentation) {
    this.instrumentation = instrumentation;
  }

  @Override
  public void change(Class<?> type, WholeJvm.Change change) throws Exception {
    var transformer = new Transformer(type, change);
    instrumentation.addTransformer(transformer, true);
    try {
      instrumentation.retransformClasses(type);
    } finally {
      instrumentation.removeTransformer(transformer);
    }
    Exception failed = transformer.failed;
    if (failed != null) {
      throw failed;
    }
    if (!transformer.done) {
      throw new IllegalStateException("the JVM did not ask for the change");
    }
  }

  /** What is thrown in a transformer the JVM drops without a word, so it is kept. */
  private static final class Transformer implements ClassFileTransformer {
    private final Class<?> type;
    private final WholeJvm.Change change;
    volatile boolean done;
    volatile @Nullable Exception failed;

    Transformer(Class<?> type, WholeJvm.Change change) {
      this.type = type;
      this.change = change;
    }

    @Override
    public byte @Nullable [] transform(
        @Nullable ClassLoader loader,
        @Nullable String className,
        @Nullable Class<?> redefined,
        @Nullable ProtectionDomain domain,
        byte[] classFile) {
      if (redefined != type) {
        return null;
      }
      try {
        byte[] changed = change.apply(classFile);
        done = true;
        return changed;
      } catch (Exception | LinkageError e) {
        failed = e instanceof Exception exception ? exception : new IllegalStateException(e);
        return null;
      }
    }
  }
}
