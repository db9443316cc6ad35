package dev.selvage.cli;

import java.io.IOException;
import java.io.InputStream;

/** A stream that knows how to read many bytes, and so one. */
abstract class BulkInput extends InputStream {
  @Override
  public final int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public abstract int read(byte[] bytes, int from, int count) throws IOException;
}
