package dev.selvage.http;

import dev.selvage.http.page.Live;
import java.io.IOException;
import java.io.OutputStream;

/** A stream of server-sent events, until its reader goes away. */
final class EventContent implements Response.Content {
  private final Live.Viewer viewer;

  EventContent(Live.Viewer viewer) {
    this.viewer = viewer;
  }

  @Override
  public long length() {
    return -1;
  }

  @Override
  public boolean isEndless() {
    return true;
  }

  @Override
  public void writeTo(OutputStream out) throws IOException {
    try {
      // A reader that is gone is noticed with the next sample.
      for (byte[] next = viewer.take(); next != null; next = viewer.take()) {
        out.write(next);
        out.flush();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("the server is closing", e);
    }
  }

  @Override
  public void close() {
    viewer.close();
  }
}
