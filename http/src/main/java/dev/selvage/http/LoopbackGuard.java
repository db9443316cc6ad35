package dev.selvage.http;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Keeps web pages out of a server that listens on loopback without a password. A page in a browser
 * on this machine can send requests here: under a name of its own that it lets point to 127.0.0.1
 * ({@code Host} gives that away), or under our name, from another origin ({@code Origin} and {@code
 * Sec-Fetch-Site} give that away). Stateless.
 */
final class LoopbackGuard {
  private static final Pattern LOOPBACK =
      Pattern.compile(
          "(?:localhost|127(?:\\.\\d{1,3}){3}|\\[::1\\])(?::(\\d{1,5}))?",
          Pattern.CASE_INSENSITIVE);

  private static final String HTTP = "http://";

  private LoopbackGuard() {}

  /** Why a request to the server on this port is refused; empty if it is not. */
  static Optional<Response> refuse(Request request, int port) {
    List<String> hosts = request.header("Host");
    if (hosts.size() != 1 || !isHere(hosts.getFirst(), port)) {
      return Optional.of(
          Response.error(
              403,
              "this server answers only to localhost:"
                  + port
                  + ": the Host header must name that, or a loopback address with this port"));
    }
    for (String origin : request.header("Origin")) {
      if (!origin.startsWith(HTTP) || !isHere(origin.substring(HTTP.length()), port)) {
        return Optional.of(
            Response.error(403, "pages of another origin may not read from this server"));
      }
    }
    for (String site : request.header("Sec-Fetch-Site")) {
      boolean followedLink =
          request.header("Sec-Fetch-Mode").equals(List.of("navigate"))
              && request.header("Sec-Fetch-Dest").equals(List.of("document"));
      if (!site.equals("same-origin") && !site.equals("none") && !followedLink) {
        return Optional.of(Response.error(403, "pages of another site may not use this server"));
      }
    }
    return Optional.empty();
  }

  private static boolean isHere(String hostAndPort, int port) {
    Matcher matcher = LOOPBACK.matcher(hostAndPort);
    if (!matcher.matches()) {
      return false;
    }
    String given = matcher.group(1);
    return (given == null ? 80 : Integer.parseInt(given)) == port;
  }
}
