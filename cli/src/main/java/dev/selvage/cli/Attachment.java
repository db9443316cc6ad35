package dev.selvage.cli;

import com.sun.tools.attach.AgentInitializationException;
import com.sun.tools.attach.AgentLoadException;
import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * A connection to another JVM. Every method blocks until that JVM answers, without a limit once it
 * has accepted the connection.
 */
final class Attachment implements AutoCloseable {
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
    try {
      return new Attachment(pid, VirtualMachine.attach(Long.toString(pid)));
    } catch (AttachNotSupportedException e) {
      throw unreachable(
          pid,
          "does not let selvage attach ("
              + CommandFailure.reason(e)
              + "): is it stopped, or was it"
              + " started with -XX:+DisableAttachMechanism?");
    } catch (IOException e) {
      throw unreachable(pid, "cannot be attached to: " + CommandFailure.reason(e));
    }
  }

  /** What its system property is; null where it has none. */
  @Nullable String property(String name) {
    try {
      Properties properties = vm.getSystemProperties();
      return properties.getProperty(name);
    } catch (IOException e) {
      throw unreachable(pid, "did not answer: " + CommandFailure.reason(e));
    }
  }

  /** Loads the agent and runs it with those options; returns when it has done what they ask. */
  void load(Path agent, AgentOptions options) {
    try {
      vm.loadAgent(agent.toString(), options.toString());
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
