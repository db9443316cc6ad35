package dev.selvage.http.page;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The files of the page, from the jar. Each is read once, when it is first asked for. Thread-safe.
 */
public final class Assets {
  /**
   * What is served besides: nothing from anywhere else, no script and no style inside the page, and
   * no text can become a script. So even a name that got through the page could do nothing.
   */
  public static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
          + " img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
          + " require-trusted-types-for 'script'; trusted-types 'none'";

  private static final Pattern NAME =
      Pattern.compile("(?:[a-z]+/)?[A-Za-z][A-Za-z0-9.-]*\\.(html|js|css|svg|txt)");

  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "svg", "image/svg+xml",
          "txt", "text/plain; charset=utf-8");

  private static final Map<String, Asset> FOUND = new ConcurrentHashMap<>();

  /**
   * A file.
   *
   * @param type for {@code Content-Type}
   * @param tag for {@code ETag}: the same for the same content
   * @param bytes not to be changed
   */
  @SuppressWarnings("ArrayRecordComponent") // Nobody compares them.
  public record Asset(String type, String tag, byte[] bytes) {}

  private Assets() {}

  /** The file of that name, as {@code views/leaks.js}; null if there is none. */
  public static @Nullable Asset find(String name) {
    if (!NAME.matcher(name).matches()) {
      return null;
    }
    Asset known = FOUND.get(name);
    if (known == null) {
      known = read(name);
      if (known != null) {
        FOUND.put(name, known);
      }
    }
    return known;
  }

  private static @Nullable Asset read(String name) {
    try (InputStream in = Assets.class.getResourceAsStream("assets/" + name)) {
      if (in == null) {
        return null;
      }
      byte[] bytes = in.readAllBytes();
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
      String tag = '"' + Base64.getUrlEncoder().withoutPadding().encodeToString(hash) + '"';
      String type = TYPES.getOrDefault(name.substring(name.lastIndexOf('.') + 1), "");
      return new Asset(type, tag, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException("the jar of Selvage cannot be read any more", e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
