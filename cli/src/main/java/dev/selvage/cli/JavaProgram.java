package dev.selvage.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A Java program under the agent, in a process of its own. A signal that ends this process ends the
 * program first: it is told to end (SIGTERM), and waited for as long as it takes, as a shell would.
 *
 * <p>One thread starts it and waits for it; {@link #atEnd} is run once, after the program's end, by
 * that thread or by the one that shuts this process down.
 */
final class JavaProgram implements AutoCloseable {
  /*
   * Guarded by this: process and closing. A start and a shutdown exclude each other, so that no
   * program is left behind by a signal that came while it was being started.
   */
  private final ProcessBuilder builder;
  private final Runnable atEnd;
  private final Thread hook = new Thread(this::end, "selvage-end-program");
  private @Nullable Process process;
  private boolean closing;
  private boolean ended;

  /**
   * A program, not started.
   *
   * @param builder how to start it
   * @param atEnd run once when it has ended
   */
  JavaProgram(ProcessBuilder builder, Runnable atEnd) {
    this.builder = builder;
    this.atEnd = atEnd;
  }

  /** The command that runs Java arguments under the agent. */
  static ProcessBuilder command(
      Installation installation, AgentOptions options, List<String> javaArguments) {
    Path agent = installation.agentJar();
    if (agent.toString().contains("=")) {
      throw new CommandFailure(
          ExitCode.USAGE,
          "Java takes no agent from a path with '=' in it, " + agent + ": put Selvage elsewhere");
    }
    List<String> command = new ArrayList<>();
    command.add(installation.java().toString());
    command.add("-javaagent:" + agent + "=" + options);
    command.addAll(javaArguments);
    return new ProcessBuilder(command);
  }

  /**
   * Starts it.
   *
   * @throws CommandFailure with {@link ExitCode#INCOMPLETE} when there is no process to be had
   */
  Process start() {
    try {
      Runtime.getRuntime().addShutdownHook(hook);
    } catch (IllegalStateException _) {
      throw interrupted(); // This process is being shut down already.
    }
    synchronized (this) {
      if (closing) {
        throw interrupted();
      }
      try {
        Process started = builder.start();
        process = started;
        return started;
      } catch (IOException e) {
        throw new CommandFailure(
            ExitCode.INCOMPLETE,
            "cannot start " + builder.command().getFirst() + ": " + CommandFailure.reason(e));
      }
    }
  }

  /** Waits until it has ended by itself, and gives its exit code; 128 + n for signal n. */
  int await() {
    Process started = started();
    if (started == null) {
      throw new IllegalStateException("not started");
    }
    int code = await(started);
    finish();
    return code;
  }

  /** Ends the program if it still runs, and waits for its end. */
  @Override
  public void close() {
    end();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException _) {
      // The hook is running, and does the same.
    }
  }

  /** Whether it was told to end, by a signal to this process or by {@link #close}. */
  synchronized boolean isEnding() {
    return closing;
  }

  private synchronized @Nullable Process started() {
    return process;
  }

  private void end() {
    Process started;
    synchronized (this) {
      closing = true;
      started = process;
    }
    if (started != null) {
      started.destroy();
      await(started);
      finish();
    }
  }

  private static int await(Process process) {
    while (true) {
      try {
        return process.waitFor();
      } catch (InterruptedException _) {
        // Nobody interrupts this thread to any purpose: only the program's end ends the wait.
      }
    }
  }

  private synchronized void finish() {
    if (!ended) {
      ended = true;
      atEnd.run();
    }
  }

  private static CommandFailure interrupted() {
    return new CommandFailure(ExitCode.INCOMPLETE, "ended before the program was started");
  }
}
