package dev.selvage.diagnostics;

import java.util.List;
import java.util.OptionalLong;

/**
 * What a thread waits for and what it holds. Objects are named as in a thread dump of the JVM, by
 * class and identity: {@code <0x1b2c3d> (a java.util.concurrent.locks.ReentrantLock)}; what one
 * thread waits for and another holds has the same name.
 *
 * @param waitsFor the object that it is parked for, waits to enter or waits on; empty if none
 * @param owner the identifier of the thread that has that, where it is a lock of {@code
 *     java.util.concurrent} that says so
 * @param holds the monitors that it has entered, leaf first; one that it waits on is given up
 *     meanwhile and is not among them, or says that it may be the one
 */
public record Locks(String waitsFor, OptionalLong owner, List<String> holds) {
  /** Nothing, or nothing known. */
  public static final Locks NONE = new Locks("", OptionalLong.empty(), List.of());

  public Locks {
    holds = List.copyOf(holds);
  }
}
