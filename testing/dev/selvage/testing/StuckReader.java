package dev.selvage.testing;

import dev.selvage.diagnostics.trace.FlightRecorder;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** Somebody who has a flight recorder write, and takes nothing of it until told to. */
public final class StuckReader {
  private final CountDownLatch begun = new CountDownLatch(1);
  private final CountDownLatch go = new CountDownLatch(1);
  private final Thread thread;
  private volatile @Nullable IOException failure;

  /** Begins; returns when the recorder is writing. */
  public StuckReader(FlightRecorder recorder) throws InterruptedException {
    thread = Thread.ofPlatform().daemon().start(() -> read(recorder));
    begun.await();
  }

  private void read(FlightRecorder recorder) {
    try {
      recorder.writeTo(
          new OutputStream() {
            @Override
            public void write(int b) throws IOException {
              begun.countDown();
              try {
                go.await();
              } catch (InterruptedException e) {
                throw new IOException(e);
              }
            }
          });
    } catch (IOException e) {
      failure = e;
    }
    begun.countDown();
  }

  /** Takes all; returns when the recorder has written. */
  public void finish() throws IOException, InterruptedException {
    go.countDown();
    thread.join();
    IOException e = failure;
    if (e != null) {
      throw e;
    }
  }
}
