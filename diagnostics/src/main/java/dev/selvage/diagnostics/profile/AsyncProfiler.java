package dev.selvage.diagnostics.profile;

import dev.selvage.diagnostics.profile.StackProfile.Value;
import dev.selvage.diagnostics.text.ClassNames;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import jdk.jfr.consumer.RecordedClass;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedStackTrace;
import jdk.jfr.consumer.RecordedThread;
import org.jspecify.annotations.Nullable;

/**
 * async-profiler ({@code tools.profiler:async-profiler}), if the program has it on its class path
 * and it works on this machine. It sees what the flight recorder does not: native frames, processor
 * time where there is no {@code jdk.CPUTimeSample}, and where living objects were allocated. It
 * does not see virtual threads: what they do is that of their carriers, without labels.
 *
 * <p>Called by reflection, since nothing of it may be needed. One thread at a time; a profiler that
 * the user has started already is left alone.
 */
final class AsyncProfiler {
  private static final String CLASS = "one.profiler.AsyncProfiler";
  private static final String LOADER = "one.profiler.AsyncProfilerLoader"; // of ap-loader

  private final Object profiler;
  private final Method execute;

  private AsyncProfiler(Object profiler, Method execute) {
    this.profiler = profiler;
    this.execute = execute;
  }

  private static final class Holder {
    // Loading its library is tried once, and only when somebody asks for a profile that needs it.
    static final @Nullable AsyncProfiler INSTANCE = find();
  }

  private static @Nullable AsyncProfiler find() {
    try {
      Class<?> type = Class.forName(CLASS, true, ClassLoader.getSystemClassLoader());
      Object profiler;
      try {
        Class<?> loader = Class.forName(LOADER, true, ClassLoader.getSystemClassLoader());
        profiler = loader.getMethod("load").invoke(null);
      } catch (ClassNotFoundException _) {
        profiler = type.getMethod("getInstance").invoke(null);
      }
      return profiler == null
          ? null
          : new AsyncProfiler(profiler, type.getMethod("execute", String.class));
    } catch (ClassNotFoundException _) {
      return null;
    } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
      System.getLogger("dev.selvage")
          .log(
              System.Logger.Level.INFO,
              "async-profiler is on the class path but does not work here: "
                  + (e instanceof InvocationTargetException i ? i.getCause() : e));
      return null;
    }
  }

  /** Whether it is there and nobody uses it. */
  static boolean isThere() {
    AsyncProfiler found = Holder.INSTANCE;
    if (found == null) {
      return false;
    }
    try {
      return found.execute("status").contains("not active");
    } catch (ProfileException _) {
      return false;
    }
  }

  private String execute(String command) throws ProfileException {
    try {
      return String.valueOf(execute.invoke(profiler, command));
    } catch (InvocationTargetException e) {
      Throwable cause = e.getCause();
      throw new ProfileException(
          "async-profiler: " + (cause == null ? e : cause).getMessage(), cause);
    } catch (IllegalAccessException e) {
      throw new ProfileException("async-profiler cannot be called", e);
    }
  }

  /** Processor time, from now on and for that long. */
  static StackProfile cpu(String program, Duration time)
      throws ProfileException, InterruptedException {
    Value cpu = new Value("cpu", "nanoseconds");
    StackProfile.Builder profile =
        StackProfile.named("cpu", program, new Value("samples", "count"), cpu)
            .period(cpu, 10_000_000)
            .comment(
                "processor time, sampled each 10 ms of it by async-profiler; what virtual threads"
                    + " do is that of their carriers");
    record(
        "event=cpu,interval=10ms",
        time,
        profile,
        (event, stack) -> {
          if (event.getEventType().getName().equals("jdk.ExecutionSample")) {
            profile.add(stack, name(event, "sampledThread"), 1, 10_000_000);
          }
        });
    return profile.build();
  }

  /** What is allocated, and what of that lives on, from now on and for that long. */
  static StackProfile heap(String program, Duration time)
      throws ProfileException, InterruptedException {
    long interval = 512 << 10;
    StackProfile.Builder profile =
        StackProfile.named(
                "heap",
                program,
                new Value("alloc_objects", "count"),
                new Value("alloc_space", "bytes"),
                new Value("inuse_objects", "count"),
                new Value("inuse_space", "bytes"))
            .period(new Value("space", "bytes"), interval)
            .comment(
                "what was allocated in that time, and what of it lived at the end, where it was"
                    + " allocated: sampled each 512 KiB by async-profiler");
    record(
        "event=alloc,alloc=512k,live",
        time,
        profile,
        (event, stack) -> {
          String kind = event.getEventType().getName();
          boolean live = kind.equals("profiler.LiveObject");
          if (live || kind.startsWith("jdk.ObjectAllocation")) {
            long size = Math.max(1, event.getLong("allocationSize"));
            // Each sample stands for an interval's worth of objects of its size, as in Go.
            long objects = Math.max(1, interval / size);
            long bytes = Math.max(size, interval);
            Map<String, String> labels = name(event, "eventThread");
            RecordedClass type = event.getClass("objectClass");
            labels.put("class", type == null ? "?" : ClassNames.readable(type.getName()));
            profile.add(
                stack,
                labels,
                live ? 0 : objects,
                live ? 0 : bytes,
                live ? objects : 0,
                live ? bytes : 0);
          }
        });
    return profile.build();
  }

  private static Map<String, String> name(RecordedEvent event, String field) {
    Map<String, String> labels = new HashMap<>();
    RecordedThread thread = event.getThread(field);
    if (thread != null && thread.getJavaName() != null) {
      labels.put("name", thread.getJavaName());
    }
    return labels;
  }

  private static void record(
      String what,
      Duration time,
      StackProfile.Builder profile,
      BiConsumer<RecordedEvent, List<StackTraceElement>> consumer)
      throws ProfileException, InterruptedException {
    AsyncProfiler it = Holder.INSTANCE;
    if (it == null) {
      throw new ProfileException("async-profiler is not there", null);
    }
    try {
      Path directory = Files.createTempDirectory("selvage-async"); // for its owner only
      Path file = directory.resolve("profile.jfr");
      try {
        long begin = System.nanoTime();
        it.execute("start," + what + ",jfr,file=" + file);
        try {
          Thread.sleep(time);
        } finally {
          it.execute("stop,file=" + file);
        }
        profile.takenAt(Instant.now()).duration(Duration.ofNanos(System.nanoTime() - begin));
        SourceFiles sources = new SourceFiles();
        JfrRecording.read(
            file,
            event -> {
              RecordedStackTrace trace =
                  event.hasField("stackTrace") ? event.getStackTrace() : null;
              if (trace != null) {
                consumer.accept(event, JfrRecording.stack(trace, sources));
              }
            });
      } finally {
        JfrRecording.delete(directory);
      }
    } catch (IOException e) {
      throw new ProfileException("what async-profiler recorded cannot be read: " + e, e);
    }
  }
}
