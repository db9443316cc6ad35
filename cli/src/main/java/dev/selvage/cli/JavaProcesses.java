package dev.selvage.cli;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The JVMs that a command can see. */
interface JavaProcesses {

  /** All JVMs there are but this one, by process id. */
  List<JavaProcess> all();

  /** The JVM with that process id; null when that process is none (or has ended meanwhile). */
  @Nullable JavaProcess find(long pid);
}
