package dev.selvage.cli;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds the JVMs of this machine without sending them anything: on Linux by the JVM's library in a
 * process's memory map, so that one started with {@code -XX:-UsePerfData} is not missed, elsewhere
 * by the {@code hsperfdata} files that JVMs keep. Asking a process that is no JVM to attach would
 * send it SIGQUIT, which ends it.
 */
final class MachineProcesses implements JavaProcesses {
  private static final Path PROC = Path.of("/proc");

  /** Whether {@code /proc} is that of Linux. */
  private final boolean linux = Files.isReadable(PROC.resolve("self/maps"));

  private final @Nullable String me = ProcessHandle.current().info().user().orElse(null);

  @Override
  public List<JavaProcess> all() {
    var pids = new TreeSet<Long>();
    ProcessHandle.allProcesses().map(ProcessHandle::pid).forEach(pids::add);
    pids.remove(ProcessHandle.current().pid());
    List<JavaProcess> found = new ArrayList<>();
    for (long pid : pids) {
      JavaProcess process = find(pid);
      if (process != null) {
        found.add(process);
      }
    }
    return found;
  }

  @Override
  public @Nullable JavaProcess find(long pid) {
    Optional<ProcessHandle> handle = ProcessHandle.of(pid).filter(ProcessHandle::isAlive);
    if (handle.isEmpty()) {
      return null;
    }
    String user = handle.get().info().user().orElse(null);
    boolean own = user == null || user.equals(me) || "root".equals(me);
    if (linux && !own) {
      // Of another user's process only the name can be seen.
      return "java".equals(line(pid, "comm"))
          ? new JavaProcess(pid, user, false, null, null, false, false)
          : null;
    }
    PerfData data = perfData(pid);
    String library = linux ? library(pid) : null;
    // The file alone is no proof: one that a killed JVM left may bear the id of some new process.
    if (linux ? library == null : data == null) {
      return null;
    }
    String java = data == null ? null : data.javaVersion();
    if (java == null && library != null) {
      java = release(pid, library);
    }
    return new JavaProcess(
        pid,
        user,
        own,
        java,
        data == null ? null : data.main(),
        data != null && data.attachDisabled(),
        own && linux && elsewhere(pid));
  }

  /** Its perf data, in its own view of the file system where it runs in a container. */
  private @Nullable PerfData perfData(long pid) {
    List<Path> roots = new ArrayList<>();
    String name = Long.toString(pid);
    if (linux) {
      roots.add(PROC.resolve(name).resolve("root/tmp"));
      roots.add(Path.of("/tmp"));
    } else {
      roots.add(Path.of(System.getProperty("java.io.tmpdir")));
    }
    List<String> names = linux ? List.of(innermostPid(pid), name) : List.of(name);
    for (Path root : roots) {
      try (DirectoryStream<Path> users = Files.newDirectoryStream(root, "hsperfdata_*")) {
        for (Path user : users) {
          for (String file : names) {
            // In a directory that everybody can write to: no link, and no pipe that would block.
            PerfData data =
                Files.isRegularFile(user.resolve(file), LinkOption.NOFOLLOW_LINKS)
                    ? PerfData.read(user.resolve(file))
                    : null;
            if (data != null) {
              return data;
            }
          }
        }
      } catch (IOException | java.nio.file.DirectoryIteratorException _) {
        // Not readable to us, or gone meanwhile: the next place may have it.
      }
    }
    return null;
  }

  /** The process id that it has in its own container. */
  private static String innermostPid(long pid) {
    try (Stream<String> lines = Files.lines(PROC.resolve(Long.toString(pid)).resolve("status"))) {
      return lines
          .filter(line -> line.startsWith("NSpid:"))
          .map(line -> line.substring(line.lastIndexOf('\t') + 1).strip())
          .findFirst()
          .orElse(Long.toString(pid));
    } catch (IOException | java.io.UncheckedIOException _) {
      return Long.toString(pid); // Gone meanwhile.
    }
  }

  /** The JVM's library in its memory; null where there is none, or it may not be looked at. */
  private static @Nullable String library(long pid) {
    try (Stream<String> lines = Files.lines(PROC.resolve(Long.toString(pid)).resolve("maps"))) {
      return lines
          .filter(line -> line.contains("/libjvm.so"))
          .map(line -> line.substring(line.indexOf('/')))
          .findFirst()
          .orElse(null);
    } catch (IOException | java.io.UncheckedIOException _) {
      return null; // Gone meanwhile, or another user's.
    }
  }

  /** The version in the {@code release} file of the JDK that the library belongs to. */
  private static @Nullable String release(long pid, String library) {
    Path seen = PROC.resolve(Long.toString(pid)).resolve("root").resolve(library.substring(1));
    Path release = seen.resolve("../../../release").normalize();
    try (Stream<String> lines = Files.lines(release)) {
      return lines
          .filter(line -> line.startsWith("JAVA_VERSION="))
          .map(line -> line.substring("JAVA_VERSION=".length()).replace("\"", "").strip())
          .findFirst()
          .orElse(null);
    } catch (IOException | java.io.UncheckedIOException _) {
      return null; // A JVM without one; its version stays unknown until it is asked.
    }
  }

  private static boolean elsewhere(long pid) {
    try {
      Path theirs = Files.readSymbolicLink(PROC.resolve(Long.toString(pid)).resolve("ns/mnt"));
      return !theirs.equals(Files.readSymbolicLink(PROC.resolve("self/ns/mnt")));
    } catch (IOException _) {
      return false; // Not to be known: attaching will say.
    }
  }

  private static @Nullable String line(long pid, String file) {
    try {
      return Files.readString(PROC.resolve(Long.toString(pid)).resolve(file)).strip();
    } catch (IOException _) {
      return null; // Gone meanwhile.
    }
  }
}
