package dev.selvage.http;

import dev.selvage.diagnostics.trace.ExecutionTrace;
import dev.selvage.diagnostics.trace.TraceFormat;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;

/** An execution trace that is being recorded while the body is written. */
final class TraceContent implements Response.Content {
  private final ExecutionTrace trace;
  private final Duration time;
  private final TraceFormat format;
  private final Runnable done;
  private final AtomicBoolean closed = new AtomicBoolean();

  /**
   * The body.
   *
   * @param trace closed with this
   * @param done called when that has happened
   */
  TraceContent(ExecutionTrace trace, Duration time, TraceFormat format, Runnable done) {
    this.trace = trace;
    this.time = time;
    this.format = format;
    this.done = done;
  }

  @Override
  public long length() {
    return -1;
  }

  @Override
  public void writeTo(OutputStream out) throws IOException {
    try {
      trace.record(time, out, format);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("the server is closing", e);
    }
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      trace.close();
      done.run();
    }
  }
}
