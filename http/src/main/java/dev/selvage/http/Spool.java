package dev.selvage.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.InflaterInputStream;
import org.jspecify.annotations.Nullable;

/**
 * A body that is larger than memory should hold, written before anybody reads it, so that what
 * makes it need not wait for a slow peer: the first megabyte in memory, the rest compressed in a
 * file that only the owner of the process can read. Not thread-safe.
 */
final class Spool extends OutputStream implements Response.Content {
  private static final int IN_MEMORY = 1 << 20;

  private final ByteArrayOutputStream memory = new ByteArrayOutputStream();
  private @Nullable Path file;
  private @Nullable OutputStream rest;
  private long length;

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int from, int count) throws IOException {
    int fits = Math.min(count, IN_MEMORY - memory.size());
    memory.write(bytes, from, fits);
    if (fits < count) {
      OutputStream out = rest;
      if (out == null) {
        file = Files.createTempFile("selvage-spool", null); // for its owner only
        Deflater quick = new Deflater(Deflater.BEST_SPEED);
        out =
            new DeflaterOutputStream(Files.newOutputStream(file), quick, 1 << 16) {
              @Override
              public void close() throws IOException {
                try {
                  super.close();
                } finally {
                  quick.end();
                }
              }
            };
        rest = out;
      }
      out.write(bytes, from + fits, count - fits);
    }
    length += count;
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public void writeTo(OutputStream out) throws IOException {
    memory.writeTo(out);
    OutputStream written = rest;
    Path from = file;
    if (written != null && from != null) {
      written.close();
      try (InputStream in = new InflaterInputStream(Files.newInputStream(from))) {
        in.transferTo(out);
      }
    }
  }

  /** Lets go of what was written. */
  @Override
  public void close() {
    Path from = file;
    OutputStream written = rest;
    file = null;
    rest = null;
    try {
      if (written != null) {
        written.close();
      }
      if (from != null) {
        Files.deleteIfExists(from);
      }
    } catch (IOException e) {
      System.getLogger(Spool.class.getPackageName())
          .log(System.Logger.Level.WARNING, "selvage: a temporary file stays: " + from, e);
    }
  }
}
