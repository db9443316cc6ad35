package dev.selvage.diagnostics.profile;

import dev.selvage.diagnostics.jdk.Jdk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import jdk.jfr.EventType;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordedMethod;
import jdk.jfr.consumer.RecordedStackTrace;
import jdk.jfr.consumer.RecordingFile;
import org.jspecify.annotations.Nullable;

/**
 * A temporary recording of the JVM's flight recorder, of the few events that a profile is made of.
 * Its files can be read by the owner of the process only, and are gone when it is closed.
 *
 * <p>Recordings that the user runs go on: they are neither stopped nor reconfigured, but as the
 * flight recorder has one stream of events, theirs will have ours of that time, too. One thread at
 * a time.
 */
final class JfrRecording implements AutoCloseable {
  /** What a recording may take on disk; what is older is dropped by the recorder. */
  static final long MOST_BYTES = 256L << 20;

  private static final StackTraceElement CUT =
      new StackTraceElement("[truncated stack]", "", null, -1);

  private final Recording recording;
  private final SourceFiles sources = new SourceFiles();
  private long truncated;

  private JfrRecording(Recording recording) {
    this.recording = recording;
  }

  /** Whether this JVM has that event. */
  static boolean has(String event) {
    if (!FlightRecorder.isAvailable()) {
      return false;
    }
    try {
      for (EventType type : FlightRecorder.getFlightRecorder().getEventTypes()) {
        if (type.getName().equals(event)) {
          return true;
        }
      }
    } catch (IllegalStateException | SecurityException _) {
      // It does not work here, so it has none.
    }
    return false;
  }

  /**
   * Starts one.
   *
   * @param events by name, with their settings
   * @throws ProfileException if the flight recorder does not work in this JVM
   */
  static JfrRecording start(Map<String, Map<String, String>> events) throws ProfileException {
    Recording recording = null;
    try {
      boolean first = !FlightRecorder.isInitialized();
      recording = new Recording();
      recording.setName("selvage");
      recording.setToDisk(true);
      recording.setMaxSize(MOST_BYTES);
      recording.start();
      if (first) {
        // Nobody else records: what the recorder has made just now is for our sake, and still
        // empty.
        keepToOwner(System.getProperty("jdk.jfr.repository"));
      }
      for (Map.Entry<String, Map<String, String>> event : events.entrySet()) {
        var settings = recording.enable(event.getKey());
        event.getValue().forEach(settings::with);
      }
      return new JfrRecording(recording);
    } catch (IllegalStateException | SecurityException | LinkageError e) {
      if (recording != null) {
        recording.close();
      }
      throw new ProfileException(
          "the JVM's flight recorder does not work here: " + e.getMessage(), e);
    }
  }

  private static void keepToOwner(@Nullable String repository) {
    if (repository == null) {
      return;
    }
    try {
      Files.setPosixFilePermissions(
          Path.of(repository), PosixFilePermissions.fromString("rwx------"));
    } catch (IOException | UnsupportedOperationException | SecurityException _) {
      // Not a file system with such rights: there a temporary directory is the user's own.
    }
  }

  /** Records no more. To be called before anything else is done, which would be recorded. */
  void stop() {
    recording.stop();
  }

  /**
   * Gives every event to a consumer, in no particular order. At most once, after {@link #stop}.
   *
   * @throws ProfileException if what was recorded cannot be read
   */
  void read(Consumer<RecordedEvent> consumer) throws ProfileException {
    try {
      Path directory = Files.createTempDirectory("selvage-jfr"); // for its owner only
      Path file = directory.resolve("recording.jfr");
      try {
        recording.dump(file);
        read(file, consumer);
      } finally {
        delete(directory);
      }
    } catch (IOException | IllegalStateException e) {
      throw new ProfileException("what the flight recorder recorded cannot be read: " + e, e);
    }
  }

  static void read(Path file, Consumer<RecordedEvent> consumer) throws IOException {
    try (RecordingFile events = new RecordingFile(file)) {
      while (events.hasMoreEvents()) {
        consumer.accept(events.readEvent());
      }
    }
  }

  static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Files.deleteIfExists(file);
      }
    }
    Files.deleteIfExists(directory);
  }

  /** Whether the recorder had to drop events for lack of room. */
  boolean isFull() {
    return recording.getSize() >= MOST_BYTES * 9 / 10;
  }

  /** How many stacks were cut by the recorder, so far. */
  long truncated() {
    return truncated;
  }

  /** The stack of an event, leaf first; empty if it has none. */
  List<StackTraceElement> stack(RecordedEvent event) {
    RecordedStackTrace trace = event.getStackTrace();
    if (trace == null) {
      return List.of();
    }
    List<StackTraceElement> stack = stack(trace, sources);
    if (trace.isTruncated()) {
      truncated++;
      // Without this the frame at the cut would look like the beginning of a thread.
      stack.add(CUT);
    }
    return stack;
  }

  static List<StackTraceElement> stack(RecordedStackTrace trace, SourceFiles sources) {
    List<StackTraceElement> stack = new ArrayList<>();
    for (RecordedFrame frame : trace.getFrames()) {
      RecordedMethod method = frame.getMethod();
      if (method == null || method.isHidden()) {
        continue;
      }
      String type = method.getType().getName();
      String name = method.getName();
      if (Jdk.isContinuation(type)) {
        continue;
      }
      stack.add(
          new StackTraceElement(
              type.isEmpty() ? "native" : type, name, sources.of(type), frame.getLineNumber()));
    }
    return stack;
  }

  /** Ends it, and lets go of what was recorded. */
  @Override
  public void close() {
    recording.close();
  }

  /** The length of time for settings, as {@code 10 ms}. */
  static String millis(Duration time) {
    return time.toMillis() + " ms";
  }
}
