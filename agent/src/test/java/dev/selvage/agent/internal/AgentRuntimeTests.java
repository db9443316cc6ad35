package dev.selvage.agent.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.lang.instrument.Instrumentation;
import java.lang.reflect.Proxy;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What the agent makes of what the JVM answers; the rest is tested on real processes. */
class AgentRuntimeTests {
  private static Instrumentation listing(Class<?> @Nullable [] classes) {
    return (Instrumentation)
        Proxy.newProxyInstance(
            AgentRuntimeTests.class.getClassLoader(),
            new Class<?>[] {Instrumentation.class},
            (_, _, _) -> classes);
  }

  @Test
  void aJvmThatEndsListsNoClasses() {
    assertArrayEquals(new Class<?>[0], AgentRuntime.loadedClasses(listing(null)));
    Class<?>[] some = {String.class};
    assertArrayEquals(some, AgentRuntime.loadedClasses(listing(some)));
  }
}
