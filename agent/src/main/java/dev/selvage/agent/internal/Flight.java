package dev.selvage.agent.internal;

import dev.selvage.diagnostics.prover.Prover;
import dev.selvage.diagnostics.trace.FlightRecorder;
import dev.selvage.diagnostics.trace.FlightTriggers;
import dev.selvage.diagnostics.trace.TraceFormat;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a flight recorder on, in whatever copies of the language the program has, and will have.
 * Thread-safe.
 */
final class Flight {
  /*
   * Asking a copy of the language to record starts its scheduler. So at the start of the program
   * none is asked before a goroutine was started in it, which is looked for now and then. When there
   * is a new one, all begin anew: what was held until then is forgotten.
   */
  private static final Duration LOOK_EVERY = Duration.ofMillis(500);
  private static final long MOST_BYTES = 256L << 20;

  /**
   * What it is to do.
   *
   * @param keep how old events must be at least before they are dropped
   * @param bytes how many bytes of events are held, about
   * @param directory for what is written by itself; empty if nothing is
   * @param every how much time is between two files, at least
   * @param slow tasks and regions that took longer are a reason to write
   */
  record Plan(
      Duration keep,
      long bytes,
      Optional<Path> directory,
      TraceFormat format,
      int files,
      Duration every,
      Optional<Duration> slow,
      boolean onUncaught,
      boolean onLeak) {

    /** Makes the directory; throws if that cannot be used. */
    void check() {
      directory.ifPresent(dir -> settings(dir, _ -> {}).prepare());
    }

    private FlightTriggers.Settings settings(Path dir, Consumer<String> log) {
      return new FlightTriggers.Settings(dir, format, files, MOST_BYTES, every, log);
    }
  }

  private final Copies copies;
  private final Consumer<String> log;
  private final BiConsumer<String, Runnable> threads;

  // Guarded by this.
  private @Nullable Plan plan;
  private @Nullable FlightRecorder recorder;
  private @Nullable FlightTriggers triggers;
  private boolean looking;

  /**
   * One that does nothing yet.
   *
   * @param log takes lines for the user
   * @param threads starts a thread of the agent, by its name
   */
  Flight(Copies copies, Consumer<String> log, BiConsumer<String, Runnable> threads) {
    this.copies = copies;
    this.log = log;
    this.threads = threads;
  }

  /** Does so from when the first goroutine is started, and for the life of the JVM. */
  synchronized void keep(Plan wanted) {
    plan = wanted;
    if (!looking) {
      looking = true;
      threads.accept("selvage-flight-keeper", this::look);
    }
  }

  /**
   * Does so from now on, and in further copies of the language; not if that is what it does
   * already. Where it cannot, the recorder's status says why.
   */
  synchronized void startNow(Plan wanted) {
    wanted.check();
    if (recorder != null && wanted.equals(plan)) {
      return;
    }
    stop();
    plan = wanted;
    copies.hasNew(); // it begins in all there are
    if (begin(wanted) == null) {
      keep(wanted);
    } else {
      plan = null;
    }
  }

  /** Ends it, and forgets what is held. */
  synchronized void stop() {
    plan = null;
    end();
  }

  private void look() {
    try {
      while (true) {
        lookOnce();
        Thread.sleep(LOOK_EVERY);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // whoever wants it to end
    }
  }

  private synchronized void lookOnce() {
    Plan wanted = plan;
    if (wanted != null && copies.hasNew()) {
      end();
      String fault = begin(wanted);
      if (fault != null) {
        log.accept("the flight recorder does not run: " + fault);
      }
    }
  }

  /** Under the lock; why it cannot begin, or null. */
  private @Nullable String begin(Plan wanted) {
    var made = new FlightRecorder(wanted.keep, wanted.bytes);
    try {
      made.start();
    } catch (UnsupportedOperationException | IllegalStateException e) {
      return e.getMessage();
    }
    recorder = made;
    if (wanted.directory.isPresent()) {
      try {
        triggers = triggers(made, wanted, wanted.directory.get());
      } catch (IllegalArgumentException | java.io.UncheckedIOException e) {
        log.accept("the flight recorder writes nothing by itself: " + e.getMessage());
      }
    }
    return null;
  }

  private FlightTriggers triggers(FlightRecorder of, Plan wanted, Path directory) {
    var made = new FlightTriggers(of, wanted.settings(directory, log));
    wanted.slow.ifPresent(made::onSlow);
    if (wanted.onUncaught) {
      made.onUncaught();
    }
    if (wanted.onLeak) {
      made.onLeak(Prover.ofThisJvm());
    }
    return made;
  }

  private void end() {
    if (triggers != null) {
      triggers.close();
      triggers = null;
    }
    if (recorder != null) {
      recorder.close();
      recorder = null;
    }
  }
}
