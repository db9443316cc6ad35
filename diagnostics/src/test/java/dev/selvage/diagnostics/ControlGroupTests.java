package dev.selvage.diagnostics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The limits of control groups, read from files as Linux has them. */
class ControlGroupTests {
  private final Path root;

  ControlGroupTests(@TempDir Path root) {
    this.root = root;
  }

  private void file(String name, String text) throws IOException {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text + "\n");
  }

  private void assertLimits(double processors, long memory) {
    assertEquals(
        new ControlGroup(
            processors == 0 ? OptionalDouble.empty() : OptionalDouble.of(processors),
            memory == 0 ? OptionalLong.empty() : OptionalLong.of(memory)),
        ControlGroup.of(root));
  }

  @Test
  void version_2_has_the_least_of_all_groups_above() throws Exception {
    assertLimits(0, 0);
    file("proc/self/cgroup", "0::/a/b");
    file("sys/fs/cgroup/a/b/cpu.max", "max 100000");
    file("sys/fs/cgroup/a/b/memory.max", "1000");
    assertLimits(0, 1000);
    file("sys/fs/cgroup/a/cpu.max", "150000 100000");
    file("sys/fs/cgroup/a/memory.max", "900");
    assertLimits(1.5, 900);
    file("sys/fs/cgroup/cpu.max", "50000 100000");
    file("sys/fs/cgroup/memory.max", "max");
    assertLimits(0.5, 900);
  }

  @Test
  void inside_a_container_the_groups_path_may_lead_nowhere() throws Exception {
    file("proc/self/cgroup", "0::/../../other");
    file("sys/fs/cgroup/cpu.max", "200000 100000");
    file("sys/fs/cgroup/memory.max", "4096");
    assertLimits(2, 4096);
  }

  @Test
  void version_1_has_a_tree_for_each_controller() throws Exception {
    file("proc/self/cgroup", "5:cpu,cpuacct:/x\n4:memory:/y\n1:name=systemd:/z");
    file("sys/fs/cgroup/cpu/x/cpu.cfs_quota_us", "-1");
    file("sys/fs/cgroup/cpu/x/cpu.cfs_period_us", "100000");
    file("sys/fs/cgroup/memory/y/memory.limit_in_bytes", "9223372036854771712");
    assertLimits(0, 0);
    file("sys/fs/cgroup/cpu/x/cpu.cfs_quota_us", "250000");
    file("sys/fs/cgroup/memory/y/memory.limit_in_bytes", "1048576");
    assertLimits(2.5, 1 << 20);
  }
}
