package dev.selvage.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class JavaProcessTest {

  @ParameterizedTest
  @CsvSource({"25.0.3, 25", "26-ea, 26", "25, 25", "17.0.15, 17", "1.8.0_412, 8", "what, 0", ", 0"})
  void theReleaseIsReadFromTheVersion(String version, int release) {
    assertEquals(release, process(version, true, false, false).release());
  }

  @Test
  void eachObstacleSaysWhatToDo() {
    assertNull(process("25.0.3", true, false, false).obstacle());
    assertNull(process(null, true, false, false).obstacle());
    assertContains(process("17.0.15", true, false, false), "runs Java 17.0.15");
    assertContains(process("25", false, false, false), "belongs to user someone");
    assertContains(process("25", true, true, false), "DisableAttachMechanism");
    assertContains(process("25", true, false, true), "another container");
  }

  @Test
  void aMainClassCannotSteerTheTerminal() {
    var process = new JavaProcess(1, "me", true, "25", "a\u001b[2Jb\u202ec", false, false);
    assertEquals("a?[2Jb?c", process.label());
  }

  @Test
  void perfDataThatIsNoneIsNoneAndNotAnError() {
    assertNull(PerfData.parse(ByteBuffer.allocate(0)));
    assertNull(PerfData.parse(ByteBuffer.allocate(64)));
    ByteBuffer cut = ByteBuffer.allocate(32);
    cut.putInt(0, 0xcafec0c0).put(7, (byte) 1).putInt(24, 32).putInt(28, 5);
    assertNull(PerfData.parse(cut));
  }

  @Test
  void thisJvmIsFoundWithItsVersion() {
    JavaProcess self = new MachineProcesses().find(ProcessHandle.current().pid());
    assertNotNull(self);
    assertEquals(25, self.release());
    assertTrue(self.own());
    assertNull(self.obstacle());
  }

  @Test
  void theListLeavesOutTheOneWhoAsks() {
    long self = ProcessHandle.current().pid();
    assertTrue(new MachineProcesses().all().stream().noneMatch(p -> p.pid() == self));
  }

  private static void assertContains(JavaProcess process, String text) {
    String obstacle = process.obstacle();
    assertNotNull(obstacle);
    assertTrue(obstacle.contains(text), obstacle);
  }

  private static JavaProcess process(
      @org.jspecify.annotations.Nullable String java, boolean own, boolean disabled, boolean far) {
    return new JavaProcess(1, "someone", own, java, "Main", disabled, far);
  }
}
