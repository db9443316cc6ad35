package dev.selvage.diagnostics.trace;

import dev.selvage.diagnostics.cores.Cores;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What is recorded, in all copies of the language that have a scheduler of their own. */
final class Sessions {
  private final List<Function<String, @Nullable Object>> sessions;

  private Sessions(List<Function<String, @Nullable Object>> sessions) {
    this.sessions = sessions;
  }

  /**
   * Begins.
   *
   * @throws UnsupportedOperationException if nothing can be recorded; says why
   */
  static Sessions open(boolean ring, long mostBytes, long keepNanos) {
    List<String> why = new ArrayList<>();
    Sessions sessions = new Sessions(Cores.trace(ring, mostBytes, keepNanos, why::add));
    if (sessions.sessions.isEmpty()) {
      throw new UnsupportedOperationException(
          "an execution trace needs Selvage's own scheduler, as the JDK's tells nobody what it"
              + " does: "
              + (why.isEmpty() ? "no goroutine has been started" : String.join("; ", why)));
    }
    return sessions;
  }

  List<Recording> snapshot() {
    List<Recording> recordings = new ArrayList<>();
    for (Function<String, @Nullable Object> session : sessions) {
      Recording recording = Recording.of(session.apply("snapshot"));
      if (recording != null) {
        recordings.add(recording);
      }
    }
    return recordings;
  }

  void stop() {
    tell("stop");
  }

  void close() {
    tell("close");
  }

  private void tell(String word) {
    for (Function<String, @Nullable Object> session : sessions) {
      Object _ = session.apply(word);
    }
  }
}
