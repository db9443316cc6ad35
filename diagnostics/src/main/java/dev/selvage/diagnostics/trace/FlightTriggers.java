package dev.selvage.diagnostics.trace;

import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.cores.Cores;
import dev.selvage.diagnostics.prover.Prover;
import dev.selvage.observe.Probe;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Writes what a {@link FlightRecorder} holds into a file when something goes wrong: a task or
 * region that takes too long, a goroutine that ends with an exception, a leak that is proven, or
 * whatever the program says ({@link #trigger}). While the recorder does not run nothing is written.
 *
 * <pre>{@code
 * var recorder = new FlightRecorder();
 * recorder.start();
 * var triggers = new FlightTriggers(recorder, FlightTriggers.Settings.in(Path.of("/var/tmp/shop")));
 * triggers.onSlow(Duration.ofMillis(500));
 * triggers.onUncaught();
 * }</pre>
 *
 * <p>Only the owner of the process can read the files. They are named {@code
 * selvage-flight-20261127-101503.250.trace}, by the time in UTC; the oldest go when there are too
 * many, or too much is in them, also those of earlier runs. Thread-safe. Nobody who triggers is
 * blocked: a thread of its own writes.
 */
public final class FlightTriggers implements AutoCloseable {
  /*
   * Invariants.
   *  1. pending has the reason that is written for next. Whoever takes it from null to a reason
   *     wakes the writer; others are only counted. So a trigger is two atomic operations at most.
   *  2. Only the writer takes it back to null, when the file is there or has been given up: what
   *     happens meanwhile is in that file, or too close to it to be worth another.
   *  3. Files get their names when they are complete.
   */

  /**
   * What is written where.
   *
   * @param directory made if it is not there; others than its owner must not have access to it
   * @param format of the files
   * @param mostFiles how many are kept
   * @param mostBytes how many bytes are in all of them; a file that alone has more is given up
   * @param least how much time is between two of them; what happens meanwhile is only counted
   * @param log takes one line for each file, and for each that could not be written
   */
  public record Settings(
      Path directory,
      TraceFormat format,
      int mostFiles,
      long mostBytes,
      Duration least,
      Consumer<String> log) {

    public Settings {
      Objects.requireNonNull(directory, "directory");
      Objects.requireNonNull(format, "format");
      Objects.requireNonNull(log, "log");
      if (mostFiles < 1 || mostBytes < 1 || least.isNegative()) {
        throw new IllegalArgumentException(
            "mostFiles and mostBytes must be positive, least not negative: "
                + mostFiles
                + ", "
                + mostBytes
                + ", "
                + least);
      }
    }

    /** Ten files of Go's format, of 256 MiB together, one a minute; told in the log. */
    public static Settings in(Path directory) {
      return new Settings(
          directory,
          TraceFormat.GO,
          10,
          256L << 20,
          Duration.ofMinutes(1),
          line -> System.getLogger("dev.selvage").log(System.Logger.Level.INFO, line));
    }

    /**
     * Makes the directory if it is not there, and checks it.
     *
     * @throws IllegalArgumentException if others have access to it, or it is none
     * @throws UncheckedIOException if it cannot be made
     */
    public void prepare() {
      try {
        boolean posix = directory.getFileSystem().supportedFileAttributeViews().contains("posix");
        try {
          Files.createDirectory(directory, ownersOnly(posix, "rwx------"));
        } catch (FileAlreadyExistsException _) {
          if (!Files.isDirectory(directory)) {
            throw new IllegalArgumentException(directory + " is no directory");
          }
        }
        if (posix) {
          Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(directory);
          permissions.removeAll(PosixFilePermissions.fromString("rwx------"));
          if (!permissions.isEmpty()) {
            throw new IllegalArgumentException(
                directory
                    + " can be used by others than its owner, and traces say what the program does:"
                    + " name a directory of their own, or chmod 700 it");
          }
        }
        if (!Files.isWritable(directory)) {
          throw new IllegalArgumentException(directory + " cannot be written to");
        }
      } catch (IOException e) {
        throw new UncheckedIOException("cannot make " + directory + ": " + e, e);
      }
    }

    private static FileAttribute<?>[] ownersOnly(boolean posix, String permissions) {
      return posix
          ? new FileAttribute<?>[] {
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
          }
          : new FileAttribute<?>[0];
    }
  }

  private static final String PREFIX = "selvage-flight-";
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss.SSS", Locale.ROOT).withZone(ZoneOffset.UTC);
  private static final int LONGEST_REASON = 200;
  private static final int TRIES = 100;
  private static final long BETWEEN_TRIES = 50_000_000;

  private final FlightRecorder recorder;
  private final Settings settings;
  private final LongSupplier nanoTime;
  private final AtomicReference<@Nullable String> pending = new AtomicReference<>();
  private final AtomicLong ignored = new AtomicLong();
  private final AtomicLong written = new AtomicLong();
  private final Thread writer;
  private volatile boolean closed;

  // Guarded by this.
  private final List<AutoCloseable> sources = new ArrayList<>();
  private final Set<String> provenBefore = new HashSet<>();

  // The writer's.
  private boolean any;
  private long last;

  /**
   * Triggers of which none is set yet.
   *
   * @throws IllegalArgumentException if others have access to the directory, or it is none
   * @throws UncheckedIOException if it cannot be made, or written to
   */
  public FlightTriggers(FlightRecorder recorder, Settings settings) {
    this(recorder, settings, System::nanoTime);
  }

  FlightTriggers(FlightRecorder recorder, Settings settings, LongSupplier nanoTime) {
    this.recorder = Objects.requireNonNull(recorder, "recorder");
    this.settings = settings;
    this.nanoTime = nanoTime;
    settings.prepare();
    writer =
        Thread.ofPlatform()
            .daemon()
            .name("selvage-flight")
            .inheritInheritableThreadLocals(false)
            .unstarted(this::run);
    Probe.vouchFor(writer);
    writer.start();
    recorder.add(this);
  }

  // --------------- What triggers ---------------

  /**
   * Writes when a task or region of {@code dev.selvage.trace.Trace} took longer than that; asked of
   * all copies of the language that there are now.
   */
  public void onSlow(Duration bound) {
    if (bound.isNegative() || bound.isZero()) {
      throw new IllegalArgumentException("the bound must be positive: " + bound);
    }
    long nanos = bound.compareTo(Duration.ofDays(365)) > 0 ? Long.MAX_VALUE : bound.toNanos();
    add(Cores.listenToIncidents(nanos, false, this::trigger));
  }

  /** Writes when a goroutine ends with an exception; of the same copies. */
  public void onUncaught() {
    add(Cores.listenToIncidents(Long.MAX_VALUE, true, this::trigger));
  }

  /** Writes when a look of the prover has a finding that none before had. */
  public void onLeak(Prover prover) {
    add(prover.listen(this::looked));
  }

  private synchronized void looked(Report report) {
    for (Finding finding : report.findings()) {
      if (finding instanceof Finding.Proven proven
          && proven.details().state() != Finding.State.EXCUSED
          && provenBefore.add(proven.details().fingerprint())) {
        Finding.Details details = proven.details();
        String site = details.site();
        trigger(
            "proven to leak: "
                + details.kind()
                + " x"
                + details.count()
                + (site == null ? "" : " at " + site));
      }
    }
  }

  private synchronized void add(AutoCloseable source) {
    sources.add(source);
    if (closed) {
      close();
    }
  }

  /** Writes for a reason of the program's own. Does not block; any thread may call it. */
  public void trigger(String why) {
    if (closed || !recorder.isEnabled()) {
      return;
    }
    if (pending.compareAndSet(null, clean(why))) {
      LockSupport.unpark(writer);
    } else {
      ignored.incrementAndGet();
    }
  }

  /** In one line, without what could steer the terminal that shows it. */
  private static String clean(String why) {
    String line = why.replaceAll("[\\p{Cntrl}\\p{Cf}\\u2028\\u2029]", "?");
    return line.length() <= LONGEST_REASON ? line : line.substring(0, LONGEST_REASON) + "…";
  }

  /** How many files have been written. */
  public long written() {
    return written.get();
  }

  /** How many triggers have not had a file of their own, since they came too close to another. */
  public long ignored() {
    return ignored.get();
  }

  /** Whether nothing is being written, nor to be. */
  boolean isIdle() {
    return pending.get() == null;
  }

  Settings settings() {
    return settings;
  }

  // --------------- The writer ---------------

  private void run() {
    while (!closed) {
      String why = pending.get();
      if (why == null) {
        LockSupport.park(this);
      } else {
        if (any && nanoTime.getAsLong() - last < settings.least.toNanos()) {
          ignored.incrementAndGet();
        } else {
          any = true;
          last = nanoTime.getAsLong();
          write(why);
        }
        pending.set(null);
      }
    }
  }

  private void write(String why) {
    try {
      Path file = writeFile();
      written.incrementAndGet();
      settings.log.accept("flight recorder: " + file + " (" + Files.size(file) + " bytes): " + why);
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      settings.log.accept(
          "flight recorder: no file could be written in " + settings.directory + " (" + e + ")");
    }
  }

  private Path writeFile() throws IOException {
    // Owner's only, as the JDK makes them.
    Path temporary = Files.createTempFile(settings.directory, ".selvage-flight", null);
    try {
      Path file = fill(temporary);
      dropOldest(file);
      return file;
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  private Path fill(Path temporary) throws IOException {
    try (OutputStream out =
        new Limited(
            Files.newOutputStream(temporary, StandardOpenOption.WRITE), settings.mostBytes)) {
      for (int tries = 1; ; tries++) {
        try {
          recorder.writeTo(out, settings.format);
          break;
        } catch (IllegalStateException e) {
          // Somebody else is writing it just now, who has written nothing here.
          if (tries == TRIES || closed || !recorder.isEnabled()) {
            throw e;
          }
          LockSupport.parkNanos(BETWEEN_TRIES);
        }
      }
    }
    String end = settings.format == TraceFormat.GO ? ".trace" : ".json";
    String time = TIME.format(Instant.now());
    for (int n = 0; ; n++) {
      Path file = settings.directory.resolve(PREFIX + time + (n == 0 ? "" : "-" + n) + end);
      if (Files.notExists(file, LinkOption.NOFOLLOW_LINKS)) {
        return Files.move(temporary, file);
      }
    }
  }

  private static final class Limited extends FilterOutputStream {
    private final long most;
    private long length;

    Limited(OutputStream out, long most) {
      super(out);
      this.most = most;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int count) throws IOException {
      length += count;
      if (length > most) {
        throw new IOException("it has more than " + most + " bytes");
      }
      out.write(bytes, from, count);
    }
  }

  /** Deletes the oldest until what is left is little enough. */
  private void dropOldest(Path newest) throws IOException {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> all =
        Files.newDirectoryStream(settings.directory, PREFIX + "*.{trace,json}")) {
      for (Path file : all) {
        if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
          files.add(file);
        }
      }
    }
    // By name, so by time; the newest first.
    files.sort(Comparator.comparing((Path p) -> p.getFileName().toString()).reversed());
    files.remove(newest);
    files.addFirst(newest);
    long bytes = 0;
    for (int i = 0; i < files.size(); i++) {
      bytes += Files.size(files.get(i));
      if (i > 0 && (i >= settings.mostFiles || bytes > settings.mostBytes)) {
        Files.deleteIfExists(files.get(i));
      }
    }
  }

  /** Ends it, and forgets what is still to be written. The recorder runs on. */
  @Override
  public synchronized void close() {
    closed = true;
    LockSupport.unpark(writer);
    recorder.remove(this);
    for (AutoCloseable source : sources) {
      try {
        source.close();
      } catch (Exception e) {
        throw new IllegalStateException("a source of triggers cannot be closed", e);
      }
    }
    sources.clear();
  }
}
