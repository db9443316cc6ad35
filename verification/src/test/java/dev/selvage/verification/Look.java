package dev.selvage.verification;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** A report of schema {@code selvage.leaks/1}, as a stranger would read it. */
record Look(JsonNode root, List<Found> findings) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** One finding. Absent texts are empty. */
  record Found(
      String verdict,
      String state,
      String kind,
      int count,
      String site,
      String entry,
      String except,
      List<String> names,
      List<Frame> stack,
      JsonNode json) {

    /** Whether the collector, or a cycle of owners, says that these threads can never run. */
    boolean certain() {
      return (verdict.equals("proven") || verdict.equals("deadlocked")) && state.equals("open");
    }

    /** The topmost frame of a class that is meant. */
    Optional<Frame> first(Predicate<Frame> meant) {
      return stack.stream().filter(meant).findFirst();
    }

    @Override
    public String toString() {
      return verdict + " " + kind + " x" + count + " at " + site + ", entry " + entry;
    }
  }

  static Look read(Path file) throws IOException {
    return of(JSON.readTree(Files.readString(file)));
  }

  static Look of(JsonNode root) {
    if (!root.path("schema").asText().equals("selvage.leaks/1")) {
      throw new AssertionError("no report, but " + root);
    }
    var findings = new ArrayList<Found>();
    for (JsonNode f : root.path("findings")) {
      findings.add(
          new Found(
              f.path("verdict").asText(),
              f.path("state").asText(),
              f.path("kind").asText(),
              f.path("count").asInt(),
              text(f.path("site")),
              text(f.path("entry")),
              text(f.path("except")),
              texts(f.path("names")),
              texts(f.path("stack")).stream().flatMap(s -> Frame.parse(s).stream()).toList(),
              f));
    }
    return new Look(root, List.copyOf(findings));
  }

  /** Findings that are certain and still so. */
  List<Found> certain() {
    return findings.stream().filter(Found::certain).toList();
  }

  /** How many threads those findings count whose topmost frame in that file is at the marker. */
  int certainAt(Marker marker) {
    return certain().stream()
        .filter(f -> f.first(marker::inFile).filter(marker::matches).isPresent())
        .mapToInt(Found::count)
        .sum();
  }

  /**
   * Fails unless the proof was complete, found its canary (where there can be one) and was never
   * refuted.
   */
  void assertSound() {
    JsonNode proof = root.path("proof");
    boolean dump = proof.path("mode").asText().matches("offline|exact");
    if (!proof.path("complete").asBoolean()
        || (dump ? !proof.path("canary").isNull() : !proof.path("canary").asBoolean())
        || proof.path("refuted").asLong() != 0) {
      throw new AssertionError("the proof is not sound and complete: " + proof);
    }
  }

  /** Fails if a thread that had been proven to be stuck ran on, which no proof may ever be. */
  void assertNotRefuted() {
    JsonNode proof = root.path("proof");
    if (proof.path("refuted").asLong() != 0) {
      throw new AssertionError("the proof was refuted: " + proof);
    }
  }

  List<String> notes() {
    return texts(root.path("notes"));
  }

  int unprovable(String reason) {
    return root.path("goroutines").path("unprovable").path(reason).asInt();
  }

  private static String text(JsonNode node) {
    return node.isNull() ? "" : node.asText();
  }

  private static List<String> texts(JsonNode list) {
    var texts = new ArrayList<String>();
    list.forEach(item -> texts.add(item.asText()));
    return List.copyOf(texts);
  }
}
