package dev.selvage.cli;

import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * Stands in for the agent, in a jar of its own: writes down the options it was given (to the file
 * in the system property {@code fake.options}) and leaves the report in {@code fake.report}, at its
 * start and, with {@code at-exit}, the one in {@code fake.report.exit} at the end. Needs no other
 * class.
 */
public final class FakeAgent {
  private FakeAgent() {}

  /** As started with the JVM. */
  public static void premain(String options) throws IOException {
    Map<String, String> values = parse(options);
    note(values);
    if (values.containsKey("start")) {
      Files.writeString(Path.of(values.get("start")), System.getProperty("fake.start", ""));
    }
    leave(values, "fake.report");
    if ("true".equals(values.get("at-exit"))) {
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(
                  () -> {
                    try {
                      leave(values, "fake.report.exit");
                    } catch (IOException e) {
                      throw new java.io.UncheckedIOException(e);
                    }
                  }));
    }
  }

  /** As loaded into a JVM that runs. */
  public static void agentmain(String options) throws IOException {
    Map<String, String> values = parse(options);
    note(values);
    leave(values, "fake.report");
  }

  private static Map<String, String> parse(String options) {
    Map<String, String> values = new HashMap<>();
    for (String option : options.split(",", -1)) {
      String[] pair = option.split("=", 2);
      values.put(pair[0], URLDecoder.decode(pair[1], StandardCharsets.UTF_8));
    }
    return values;
  }

  private static void note(Map<String, String> values) throws IOException {
    String file = System.getProperty("fake.options");
    if (file != null) {
      Files.writeString(Path.of(file), values.toString());
    }
  }

  private static void leave(Map<String, String> values, String property) throws IOException {
    String from = System.getProperty(property);
    String to = values.get("report");
    if (from != null && to != null) {
      Files.writeString(Path.of(to), Files.readString(Path.of(from)));
    }
  }
}
