package dev.selvage.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

final class DurationsTest {
  private final Durations durations = new Durations();

  @ParameterizedTest
  @CsvSource({
    "500ms, PT0.5S",
    "3s, PT3S",
    "2m, PT2M",
    "1h, PT1H",
    "0s, PT0S",
    "PT1M30S, PT1M30S",
    "pt2s, PT2S"
  })
  void readsWhatPeopleWrite(String text, Duration expected) {
    assertEquals(expected, durations.convert(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "3",
        "3x",
        "s",
        "-3s",
        "3 s",
        "1.5s",
        "PT",
        "-PT3S",
        "PT-3S",
        "9999999999999h"
      })
  void refusesWhatIsNoDurationAndSaysHowToWriteOne(String text) {
    var e = assertThrows(TypeConversionException.class, () -> durations.convert(text));
    assertTrue(String.valueOf(e.getMessage()).contains("500ms"), e.getMessage());
  }

  @Test
  void saysThemInShort() {
    assertEquals("2s", Durations.text(Duration.ofSeconds(2)));
    assertEquals("1500ms", Durations.text(Duration.ofMillis(1500)));
  }
}
