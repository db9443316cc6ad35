package dev.selvage.http;

import dev.selvage.diagnostics.profile.StackProfile;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * A profile that takes a while, taken by a thread of its own while the body is written: a peer that
 * goes away meanwhile is noticed, and the profile is ended.
 */
final class SlowProfile implements Response.Content {
  /*
   * A peer that is gone is noticed only by writing to it. So the body begins at once: a gzip file
   * may have a comment in its header, which no reader shows, and which grows by one character every
   * two seconds until there is something to say. Go's reader takes 511 characters of it, which is
   * more than the 300 of ten minutes.
   */
  private static final long BEAT_SECONDS = 2;
  private static final byte[] HEADER = {0x1f, (byte) 0x8b, 8, 0x10, 0, 0, 0, 0, 4, (byte) 0xff};

  /** How a body begins that has nothing to say yet, and how it ends. */
  interface Form {
    /** Its first bytes. */
    byte[] begin();

    /** What may come any number of times after that, and means nothing. */
    int beat();

    /** The rest. */
    byte[] rest(StackProfile profile);
  }

  /** A file for {@code go tool pprof}. */
  static final Form GZIP =
      new Form() {
        @Override
        public byte[] begin() {
          return HEADER;
        }

        @Override
        public int beat() {
          return '.';
        }

        @Override
        public byte[] rest(StackProfile profile) {
          // What is behind the ten bytes of a header without a comment, after the comment's end.
          byte[] gzip = profile.toProto();
          byte[] rest = new byte[gzip.length - HEADER.length + 1];
          System.arraycopy(gzip, HEADER.length, rest, 1, rest.length - 1);
          return rest;
        }
      };

  /** JSON, before which there may be blanks. */
  static Form json(Function<StackProfile, String> json) {
    return new Form() {
      @Override
      public byte[] begin() {
        return new byte[] {' '};
      }

      @Override
      public int beat() {
        return ' ';
      }

      @Override
      public byte[] rest(StackProfile profile) {
        return json.apply(profile).getBytes(StandardCharsets.UTF_8);
      }
    };
  }

  private final FutureTask<StackProfile> taking;
  private final Thread taker;
  private final Runnable done;
  private final Form form;

  private SlowProfile(FutureTask<StackProfile> taking, Thread taker, Runnable done, Form form) {
    this.taking = taking;
    this.taker = taker;
    this.done = done;
    this.form = form;
  }

  /**
   * Starts to take one.
   *
   * @param done called when it has been taken, or given up
   */
  static SlowProfile start(Callable<StackProfile> taking, Runnable done, Form form) {
    FutureTask<StackProfile> task =
        new FutureTask<>(taking) {
          @Override
          public void run() {
            try {
              super.run();
            } finally {
              done.run();
            }
          }
        };
    Thread taker =
        Thread.ofPlatform()
            .daemon()
            .name("selvage-profile")
            .inheritInheritableThreadLocals(false)
            .unstarted(task);
    SlowProfile profile = new SlowProfile(task, taker, done, form);
    try {
      taker.start();
    } catch (Throwable e) {
      profile.done.run();
      throw e;
    }
    return profile;
  }

  /**
   * Waits for it, at most so long.
   *
   * @throws TimeoutException if it is not taken by then
   * @throws ExecutionException if it could not be taken
   */
  StackProfile get(long millis) throws InterruptedException, ExecutionException, TimeoutException {
    return taking.get(millis, TimeUnit.MILLISECONDS);
  }

  @Override
  public long length() {
    return -1;
  }

  @Override
  public void writeTo(OutputStream out) throws IOException {
    out.write(form.begin());
    out.flush();
    StackProfile profile;
    while (true) {
      try {
        profile = taking.get(BEAT_SECONDS, TimeUnit.SECONDS);
        break;
      } catch (TimeoutException _) {
        out.write(form.beat());
        out.flush();
      } catch (ExecutionException e) {
        throw new IOException("the profile could not be taken: " + e.getCause(), e.getCause());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("the server is closing", e);
      }
    }
    out.write(form.rest(profile));
  }

  /** Ends the taking, if it is still going on. */
  @Override
  public void close() {
    taker.interrupt();
  }
}
