package dev.selvage.verification;

import dev.selvage.verification.cases.Case;
import dev.selvage.verification.cases.GoKerCommunication;
import dev.selvage.verification.cases.GoKerMixed;
import dev.selvage.verification.cases.GoKerResource;
import dev.selvage.verification.cases.Jdk;
import dev.selvage.verification.cases.Micro;
import dev.selvage.verification.cases.Patterns;
import java.util.List;
import java.util.stream.Stream;

/**
 * Starts every {@link Case} in this JVM, says so, and does what its standard input asks until that
 * ends.
 */
public final class Corpus {
  private Corpus() {}

  /** All cases: the public classes nested in the suites. */
  public static List<Class<?>> cases() {
    return Stream.of(
            Micro.class,
            Patterns.class,
            GoKerCommunication.class,
            GoKerResource.class,
            GoKerMixed.class,
            Jdk.class)
        .flatMap(suite -> Stream.of(suite.getClasses()))
        .toList();
  }

  public static void main(String[] args) throws Exception {
    // A thread of its own, so that no frame of a living thread keeps what the cases made.
    Child.startAside(
        () -> {
          for (Class<?> type : cases()) {
            ((Case) type.getDeclaredConstructor().newInstance()).start();
          }
        });
    // Some kernels fight over locks for a while before they are stuck.
    Thread.sleep(2000);
    Child.serve(_ -> {});
  }
}
