package dev.selvage.cli;

import com.sun.tools.attach.AgentInitializationException;
import com.sun.tools.attach.AgentLoadException;
import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A connection to another JVM. Every method blocks until that JVM answers, up to a limit, and no
 * longer than a moment while it is stopped.
 */
final class Attachment implements AutoCloseable {
  /** How long a JVM may take for what needs no work. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final Duration LONGEST = Duration.ofDays(365);

  private final long pid;
  private final VirtualMachine vm;

  private Attachment(long pid, VirtualMachine vm) {
    this.pid = pid;
    this.vm = vm;
  }

  /**
   * Connects. Only for a process that {@link JavaProcesses} knows as a JVM.
   *
   * @throws CommandFailure with {@link ExitCode#UNREACHABLE} when it does not let us
   */
  static Attachment to(long pid) {
    // One that is stopped would take the signal that attaching begins with later, when nobody waits
    // for it any more, as a request for a thread dump.
    var stopped = new Stopped(pid);
    while (Stopped.now(pid)) {
      if (stopped.forLong()) {
        throw unreachable(pid, Stopped.told(pid));
      }
      pause();
    }
    try {
      return new Attachment(
          pid, asked(pid, PATIENCE, () -> VirtualMachine.attach(Long.toString(pid))));
    } catch (AttachNotSupportedException e) {
      throw unreachable(
          pid,
          "does not let selvage attach ("
              + CommandFailure.reason(e)
              + "): is it stopped, or was it"
              + " started with -XX:+DisableAttachMechanism?");
    } catch (IOException e) {
      throw unreachable(pid, "cannot be attached to: " + CommandFailure.reason(e));
    } catch (Exception e) {
      throw unexpected(e);
    }
  }

  private static void pause() {
    try {
      Thread.sleep(Stopped.LOOK_EVERY);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CommandFailure(ExitCode.INCOMPLETE, "interrupted");
    }
  }

  /**
   * What the JVM answers. The JDK waits for it without a limit, so a thread of its own does, which
   * is left behind if there is no answer.
   */
  private static <T> T asked(long pid, Duration patience, Callable<T> question) throws Exception {
    var answer = new FutureTask<T>(question);
    Thread.ofPlatform().daemon().name("selvage-ask-" + pid).start(answer);
    boolean limited = patience.compareTo(LONGEST) < 0; // beyond, it cannot be counted
    long until = System.nanoTime() + (limited ? patience : LONGEST).toNanos();
    var stopped = new Stopped(pid);
    while (true) {
      try {
        return answer.get(Stopped.LOOK_EVERY.toNanos(), TimeUnit.NANOSECONDS);
      } catch (TimeoutException _) {
        if (stopped.forLong()) {
          throw unreachable(pid, Stopped.told(pid));
        }
        if (System.nanoTime() - until >= 0) {
          throw unreachable(pid, "did not answer within " + Durations.text(patience));
        }
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
        throw new CommandFailure(ExitCode.INCOMPLETE, "interrupted");
      } catch (ExecutionException e) {
        if (e.getCause() instanceof Exception cause) {
          throw cause;
        }
        throw e;
      }
    }
  }

  private static RuntimeException unexpected(Exception e) {
    return e instanceof RuntimeException r ? r : new IllegalStateException(e);
  }

  /** What its system property is; null where it has none. */
  @Nullable String property(String name) {
    try {
      Properties properties = asked(pid, PATIENCE, vm::getSystemProperties);
      return properties.getProperty(name);
    } catch (IOException e) {
      throw unreachable(pid, "did not answer: " + CommandFailure.reason(e));
    } catch (Exception e) {
      throw unexpected(e);
    }
  }

  /**
   * Loads the agent and runs it with those options; returns when it has done what they ask.
   *
   * @param patience how long that may take
   */
  void load(Path agent, AgentOptions options, Duration patience) {
    try {
      asked(
          pid,
          patience,
          () -> {
            vm.loadAgent(agent.toString(), options.toString());
            return true;
          });
    } catch (AgentLoadException e) {
      String reason = CommandFailure.reason(e);
      boolean refused = reason.toLowerCase(Locale.ROOT).contains("dynamic agent loading");
      throw unreachable(
          pid,
          refused
              ? "was started with -XX:-EnableDynamicAgentLoading: restart it without, or under"
                  + " selvage run"
              : "could not load the agent " + agent + ": " + reason);
    } catch (AgentInitializationException e) {
      throw new CommandFailure(
          ExitCode.INCOMPLETE,
          "the agent failed in process "
              + pid
              + " ("
              + CommandFailure.reason(e)
              + "): its standard error has the cause");
    } catch (IOException e) {
      throw unreachable(
          pid, "ended or closed the connection meanwhile: " + CommandFailure.reason(e));
    } catch (Exception e) {
      throw unexpected(e);
    }
  }

  private static CommandFailure unreachable(long pid, String why) {
    return new CommandFailure(ExitCode.UNREACHABLE, "process " + pid + " " + why);
  }

  @Override
  public void close() {
    try {
      vm.detach();
    } catch (IOException _) {
      // It ended meanwhile: there is nothing to detach from.
    }
  }
}
