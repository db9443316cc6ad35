package dev.selvage.internal.gmp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How many Ps there are when nobody has said it to the scheduler, on machines made of files. */
class GoMaxProcsTests {
  private final Path root;

  GoMaxProcsTests(@TempDir Path root) {
    this.root = root;
  }

  private void write(String file, String... lines) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, String.join("\n", lines) + "\n");
  }

  private void allow(String list) throws IOException {
    write("proc/self/status", "Name:\tjava", "Cpus_allowed:\tff", "Cpus_allowed_list:\t" + list);
  }

  private int procs(int jvm) {
    return new CpuLimit(root).procs(jvm);
  }

  // --------------- The machine ---------------

  @Test
  void whereNothingIsToldItIsWhatTheJvmCounts() {
    assertEquals(5, procs(5));
  }

  @ParameterizedTest
  @CsvSource({"0-3;8,8,5", "0-3;8,3,3", "7,8,1", "0;2;4-5,4,4", "nonsense,6,6"})
  void itIsNotMoreThanTheProcessorsItMayRunOn(String list, int jvm, int expected) throws Exception {
    allow(list.replace(';', ','));
    assertEquals(expected, procs(jvm));
  }

  // --------------- The container ---------------

  /** The JVM rounds a quota up as well, but to 1 at least; Go to 2. */
  @ParameterizedTest
  @CsvSource({
    "150000 100000,2,2",
    "250000 100000,3,3",
    "50000 100000,1,2", // at least 2
    "100000 100000,1,2",
    "400000 100000,4,4",
    "2000000 100000,8,8", // more than there are
    "max 100000,8,8",
    "nonsense,8,8",
    "200000 100000,6,6", // the JVM was told a number
    "250000 100000,8,3", // the JVM was told not to look at containers
  })
  void aQuotaCountsAndIsRoundedUp(String max, int jvm, int expected) throws Exception {
    allow("0-7");
    write("proc/self/cgroup", "0::/app.slice/one");
    write(
        "proc/self/mountinfo",
        "22 28 0:21 / /proc rw,nosuid shared:14 - proc proc rw",
        "31 23 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate");
    write("sys/fs/cgroup/app.slice/one/cpu.max", max);
    write("sys/fs/cgroup/app.slice/cpu.max", "100000 100000"); // only the innermost counts
    assertEquals(expected, procs(jvm));
  }

  @ParameterizedTest
  @CsvSource({"350000,100000,4,4", "-1,100000,8,8", "20000,100000,1,2", "300000,0,8,8"})
  void soDoesAQuotaOfControlGroupsOfVersion1(String quota, String period, int jvm, int expected)
      throws Exception {
    allow("0-7");
    write("proc/self/cgroup", "5:memory:/docker/abc", "4:cpu,cpuacct:/docker/abc", "0::/");
    write(
        "proc/self/mountinfo",
        "40 31 0:33 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory",
        "41 31 0:34 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct");
    write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", quota);
    write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", period);
    assertEquals(expected, procs(jvm));
  }

  // --------------- What was said ---------------

  @Test
  void thePropertyIsFollowedIfItIsAPositiveNumber() {
    String before = System.getProperty("selvage.gomaxprocs");
    try {
      System.clearProperty("selvage.gomaxprocs");
      int otherwise = GoMaxProcs.asked();
      assertTrue(otherwise >= 0);
      for (String nonsense : new String[] {"", "0", "-3", "many"}) {
        System.setProperty("selvage.gomaxprocs", nonsense);
        assertEquals(otherwise, GoMaxProcs.asked(), nonsense);
      }
      System.setProperty("selvage.gomaxprocs", " 7 ");
      assertEquals(7, GoMaxProcs.asked());
    } finally {
      if (before == null) {
        System.clearProperty("selvage.gomaxprocs");
      } else {
        System.setProperty("selvage.gomaxprocs", before);
      }
    }
  }
}
