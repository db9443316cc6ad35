package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jdi.Bootstrap;
import com.sun.jdi.IntegerValue;
import com.sun.jdi.Location;
import com.sun.jdi.ReferenceType;
import com.sun.jdi.StackFrame;
import com.sun.jdi.ThreadReference;
import com.sun.jdi.VMDisconnectedException;
import com.sun.jdi.VirtualMachine;
import com.sun.jdi.connect.AttachingConnector;
import com.sun.jdi.event.BreakpointEvent;
import com.sun.jdi.event.ClassPrepareEvent;
import com.sun.jdi.event.Event;
import com.sun.jdi.event.EventSet;
import com.sun.jdi.event.StepEvent;
import com.sun.jdi.event.VMStartEvent;
import com.sun.jdi.request.EventRequest;
import com.sun.jdi.request.StepRequest;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A debugger steps through a goroutine, over and into calls, and over those that wait for another
 * goroutine: each step ends at the line that is next. It suspends that thread alone, so even on one
 * P the others must run on.
 */
final class DebuggerIT {
  private final Path directory;

  DebuggerIT(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory) {
    this.directory = directory;
  }

  @ParameterizedTest
  @ValueSource(strings = {"jdk", "gmp"})
  void each_step_in_a_goroutine_ends_at_the_line_that_is_next(String scheduler) throws Exception {
    try (Target target =
        Target.java()
            .option(
                "-agentlib:jdwp=transport=dt_socket,server=y,suspend=y,address=127.0.0.1:0",
                "-Dselvage.gomaxprocs=1")
            .agent(directory, "leaks-after=1h,scheduler=" + scheduler)
            .classPath(Project.testClassesAndTheLanguage())
            .start(directory, DebuggedProgram.class)) {
      VirtualMachine vm = attach(target.await("Listening for transport").replaceAll(".*\\D", ""));
      try (var steps = new Steps(vm)) {
        steps.begin();
        int sum = 0;
        for (int i = 1; i <= DebuggedProgram.ROUNDS; i++) {
          steps.awaitBreakpoint();
          steps.assertAt("send");
          assertEquals(sum, steps.variable("sum"));
          steps.step(StepRequest.STEP_OVER, "receive");
          steps.step(StepRequest.STEP_OVER, "call");
          assertEquals(2 * i, steps.variable("twice"));
          steps.step(StepRequest.STEP_INTO, "inside");
          assertEquals(sum, steps.variable("a"));
          steps.step(StepRequest.STEP_OUT, "call");
          steps.step(StepRequest.STEP_OVER, "sleep");
          steps.step(StepRequest.STEP_OVER, "last");
          sum += 2 * i + 1;
          steps.resume();
        }
        assertEquals("sum " + sum + " on " + scheduler, target.await("sum "));
      }
      assertEquals(0, target.end(), target.stderr());
    }
  }

  /** A debugger that is stopped in one thread at a time. */
  private static final class Steps implements AutoCloseable {
    private final VirtualMachine vm;
    private @Nullable EventSet events;
    private @Nullable ThreadReference thread;

    Steps(VirtualMachine vm) {
      this.vm = vm;
    }

    /** Sets the breakpoint as soon as the class is there, and lets the program run. */
    void begin() throws Exception {
      var prepare = vm.eventRequestManager().createClassPrepareRequest();
      prepare.addClassFilter(DebuggedProgram.class.getName());
      prepare.enable();
      vm.resume();
      ReferenceType type = await(ClassPrepareEvent.class).referenceType();
      int line = Marker.line(DebuggedProgram.class, "send").line();
      Location location = type.locationsOfLine(line).getFirst();
      var breakpoint = vm.eventRequestManager().createBreakpointRequest(location);
      breakpoint.setSuspendPolicy(EventRequest.SUSPEND_EVENT_THREAD);
      breakpoint.enable();
      resume();
    }

    void awaitBreakpoint() throws Exception {
      thread = await(BreakpointEvent.class).thread();
      assertTrue(thread.isVirtual(), thread::toString);
      assertEquals("debugged", thread.name());
    }

    /** Makes a step, which must end at that line of the same thread. */
    void step(int depth, String marker) throws Exception {
      ThreadReference stepping = stopped();
      StepRequest step =
          vm.eventRequestManager().createStepRequest(stepping, StepRequest.STEP_LINE, depth);
      step.setSuspendPolicy(EventRequest.SUSPEND_EVENT_THREAD);
      step.enable();
      resume();
      assertEquals(stepping, await(StepEvent.class).thread());
      vm.eventRequestManager().deleteEventRequest(step);
      assertAt(marker);
    }

    void assertAt(String marker) throws Exception {
      Location at = stopped().frame(0).location();
      assertEquals(
          Marker.line(DebuggedProgram.class, marker),
          new Marker(at.sourceName(), at.lineNumber()),
          marker);
    }

    int variable(String name) throws Exception {
      StackFrame frame = stopped().frame(0);
      return ((IntegerValue) frame.getValue(frame.visibleVariableByName(name))).value();
    }

    private ThreadReference stopped() {
      return Objects.requireNonNull(thread, "no thread is stopped");
    }

    void resume() {
      Objects.requireNonNull(events, "nothing is stopped").resume();
      events = null;
    }

    /** The next event, which must be such a one. */
    private <T extends Event> T await(Class<T> type) throws Exception {
      while (true) {
        EventSet set = vm.eventQueue().remove(Target.PATIENCE.toMillis());
        assertNotNull(set, "no " + type.getSimpleName());
        Event event = set.iterator().next();
        if (type.isInstance(event)) {
          events = set;
          return type.cast(event);
        }
        assertTrue(event instanceof VMStartEvent, event::toString);
      }
    }

    @Override
    public void close() {
      try {
        vm.dispose();
      } catch (VMDisconnectedException e) {
        // It has run to its end.
      }
    }
  }

  private static VirtualMachine attach(String port) throws Exception {
    AttachingConnector connector =
        Bootstrap.virtualMachineManager().attachingConnectors().stream()
            .filter(c -> c.name().equals("com.sun.jdi.SocketAttach"))
            .findFirst()
            .orElseThrow();
    var arguments = connector.defaultArguments();
    Objects.requireNonNull(arguments.get("hostname")).setValue("127.0.0.1");
    Objects.requireNonNull(arguments.get("port")).setValue(port);
    return connector.attach(arguments);
  }
}
