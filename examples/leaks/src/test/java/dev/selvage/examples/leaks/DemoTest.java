package dev.selvage.examples.leaks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.selvage.examples.leaks.Demo.Options;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DemoTest {
  @Test
  void withoutOptionsItLeaksUntilInputEnds() {
    assertEquals(new Options(false, Duration.ZERO), Options.parse());
  }

  @Test
  void optionsAreUnderstoodInAnyOrder() {
    assertEquals(
        new Options(true, Duration.ofSeconds(30)), Options.parse("--for", "30s", "--fixed"));
    assertEquals(
        new Options(true, Duration.ofMinutes(2)), Options.parse("--fixed", "--for", "PT2M"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --for      | --for needs a duration
          --for soon | --for soon is no duration: write 500ms, 30s, 2m or 1h
          --for 0s   | --for 0s must be longer than nothing
          --for PT-1S | --for PT-1S must be longer than nothing
          --for PT9999999999H | --for PT9999999999H is no duration: write 500ms, 30s, 2m or 1h
          --leaky    | unknown option --leaky
          """)
  void wrongOptionsAreExplainedInOneLine(String arguments, String message) {
    var e =
        assertThrows(IllegalArgumentException.class, () -> Options.parse(arguments.split(" ", -1)));
    assertEquals(message, e.getMessage());
  }
}
