package dev.selvage.http;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What an endpoint answers. Every one says {@code nosniff}: what a browser gets is never guessed to
 * be a page. And it says {@code no-store}, so that it is never kept, unless it says itself how long
 * it may be.
 *
 * @param status of HTTP
 * @param headers each once, in the order in which they are to be sent; without the length
 * @param content the body
 */
public record Response(int status, Map<String, String> headers, Content content) {

  /**
   * A body. It must be closed, written or not. One that is made while it is written may take its
   * time, and pauses for longer than a peer should be given to read.
   */
  public interface Content extends Closeable {
    /** How many bytes; -1 if that is known only afterwards. */
    long length();

    /**
     * Whether it goes on until its reader goes away. A server with few threads gives such a body
     * one of its own.
     */
    default boolean isEndless() {
      return false;
    }

    /**
     * Writes it, at most once, in the current thread.
     *
     * @param out left open
     * @throws IOException what the stream throws, or if the rest of the body cannot be had: then
     *     the connection must be cut, so that the peer does not take it for complete
     */
    void writeTo(OutputStream out) throws IOException;

    @Override
    void close();
  }

  @SuppressWarnings("ArrayRecordComponent") // Nobody compares responses.
  private record Bytes(byte[] bytes) implements Content {
    @Override
    public long length() {
      return bytes.length;
    }

    @Override
    public void writeTo(OutputStream out) throws IOException {
      out.write(bytes);
    }

    @Override
    public void close() {}
  }

  public Response {
    Map<String, String> all = new LinkedHashMap<>(headers);
    all.put("X-Content-Type-Options", "nosniff");
    all.putIfAbsent("Cache-Control", "no-store");
    all.put("Cross-Origin-Resource-Policy", "same-origin");
    headers = Collections.unmodifiableMap(all);
  }

  /** One whose body is there: not copied, not to be changed. */
  public Response(int status, Map<String, String> headers, byte[] body) {
    this(status, headers, new Bytes(body));
  }

  /** The whole body in memory, for those who know that it is small. At most once. */
  public byte[] body() {
    if (content instanceof Bytes bytes) {
      return bytes.bytes;
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (content) {
      content.writeTo(out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  /** The body as text, for those who know that it is. */
  public String text() {
    return new String(body(), StandardCharsets.UTF_8);
  }

  static Response text(String text) {
    return of(200, "text/plain; charset=utf-8", text);
  }

  static Response of(int status, String contentType, String text) {
    return new Response(
        status, Map.of("Content-Type", contentType), text.getBytes(StandardCharsets.UTF_8));
  }

  static Response file(String name, byte[] body) {
    return file(name, new Bytes(body));
  }

  static Response file(String name, Content body) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Content-Type", "application/octet-stream");
    headers.put("Content-Disposition", "attachment; filename=\"" + name + "\"");
    return new Response(200, headers, body);
  }

  /**
   * An error with its reason. The header is the sign for {@code go tool pprof} to show the reason
   * to its user.
   */
  static Response error(int status, String reason) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Content-Type", "text/plain; charset=utf-8");
    headers.put("X-Go-Pprof", "1");
    return new Response(status, headers, (reason + "\n").getBytes(StandardCharsets.UTF_8));
  }

  Response with(String header, String value) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put(header, value);
    return new Response(status, more, content);
  }
}
