package dev.fakeage.observe;

import java.util.List;
import java.util.Map;

/** The shape of {@code dev.selvage.observe.Probe}, with answers that a test gives. */
public final class Probe {
  private static volatile int protocol = 1;
  private static volatile List<Map<String, Object>> resources = List.of();

  private Probe() {}

  public static int protocol() {
    return protocol;
  }

  public static List<Map<String, Object>> resources() {
    return resources;
  }

  public static void answer(int version, List<Map<String, Object>> answer) {
    protocol = version;
    resources = answer;
  }
}
