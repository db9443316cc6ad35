package dev.selvage.diagnostics.heap;

import java.io.Closeable;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/** The bytes of a dump from its start to its end, compressed or not. For one thread. */
final class HprofInput implements Closeable {
  private static final int BUFFER = 1 << 18;

  private final InputStream in;
  private final Counted raw;
  private final long fileSize;
  private final byte[] buffer = new byte[BUFFER];
  private int next;
  private int limit;
  private long before; // bytes of the dump that came before the buffer
  private int idSize = 8;

  private HprofInput(InputStream in, Counted raw, long fileSize) {
    this.in = in;
    this.raw = raw;
    this.fileSize = fileSize;
  }

  /** Counts the bytes that have been taken from the file, whatever they decompress to. */
  private static final class Counted extends FilterInputStream {
    private long count;

    Counted(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      int b = super.read();
      count += b < 0 ? 0 : 1;
      return b;
    }

    @Override
    public int read(byte[] into, int from, int length) throws IOException {
      int n = super.read(into, from, length);
      count += Math.max(n, 0);
      return n;
    }
  }

  /** Opens a file; one that begins as gzip does is read through that. */
  static HprofInput open(Path file) throws IOException {
    var raw = new Counted(Files.newInputStream(file));
    try {
      var start = new PushbackInputStream(raw, 2);
      byte[] magic = start.readNBytes(2);
      start.unread(magic);
      boolean gzip = magic.length == 2 && (magic[0] & 0xff) == 0x1f && (magic[1] & 0xff) == 0x8b;
      return new HprofInput(
          gzip ? new GZIPInputStream(start, BUFFER) : start, raw, Files.size(file));
    } catch (EOFException | ZipException e) {
      raw.close();
      throw new HeapDumpException("its compression is damaged: it has no beginning");
    } catch (IOException | RuntimeException e) {
      raw.close();
      throw e;
    }
  }

  /** How many bytes an identifier has: 4 or 8. */
  int idSize() {
    return idSize;
  }

  void setIdSize(int size) {
    idSize = size;
  }

  /** How many bytes have been read. */
  long position() {
    return before + next;
  }

  /** How much of the file has been read, from 0 to 1. */
  double share() {
    return fileSize <= 0 ? 1 : Math.min(1.0, (double) raw.count / fileSize);
  }

  boolean atEnd() throws IOException {
    return next == limit && !fill();
  }

  private boolean fill() throws IOException {
    before += limit;
    next = 0;
    limit = 0;
    int n;
    try {
      n = in.read(buffer, 0, BUFFER);
    } catch (EOFException e) {
      throw truncated();
    } catch (ZipException e) {
      throw new HeapDumpException("its compression is damaged: " + e.getMessage());
    }
    limit = Math.max(n, 0);
    return n > 0;
  }

  private HeapDumpException truncated() {
    return new HeapDumpException("it is truncated: it ends after " + position() + " bytes");
  }

  int u1() throws IOException {
    if (next == limit && !fill()) {
      throw truncated();
    }
    return buffer[next++] & 0xff;
  }

  int u2() throws IOException {
    return u1() << 8 | u1();
  }

  int i4() throws IOException {
    if (limit - next >= 4) {
      int i = next;
      next += 4;
      return (buffer[i] & 0xff) << 24
          | (buffer[i + 1] & 0xff) << 16
          | (buffer[i + 2] & 0xff) << 8
          | (buffer[i + 3] & 0xff);
    }
    return u2() << 16 | u2();
  }

  long u4() throws IOException {
    return Integer.toUnsignedLong(i4());
  }

  long i8() throws IOException {
    return (long) i4() << 32 | u4();
  }

  long id() throws IOException {
    return idSize == 8 ? i8() : u4();
  }

  void skip(long bytes) throws IOException {
    long left = bytes;
    while (left > limit - next) {
      left -= limit - next;
      next = limit;
      if (!fill()) {
        throw truncated();
      }
    }
    next += (int) left;
  }

  void read(byte[] into, int count) throws IOException {
    int done = 0;
    while (done < count) {
      if (next == limit && !fill()) {
        throw truncated();
      }
      int n = Math.min(count - done, limit - next);
      System.arraycopy(buffer, next, into, done, n);
      next += n;
      done += n;
    }
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
