package dev.selvage.cli;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What is said to the agent: {@code key=value} joined by commas, with the values percent-encoded so
 * that a path may have any character in it. Not thread-safe.
 */
final class AgentOptions {
  private final Map<String, String> values = new LinkedHashMap<>();

  AgentOptions set(String key, Object value) {
    values.put(key, value.toString());
    return this;
  }

  /** As the agent reads it. */
  @Override
  public String toString() {
    return values.entrySet().stream()
        .map(e -> e.getKey() + "=" + URLEncoder.encode(e.getValue(), StandardCharsets.UTF_8))
        .collect(Collectors.joining(","));
  }
}
