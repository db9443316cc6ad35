package dev.selvage.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class AgentOptionsTest {

  @Test
  void valuesArePercentEncodedSoThatAPathMayHaveAnyCharacter() {
    assertEquals(
        "report=%2Ftmp%2Fa%2Cb%3Dc+%25%C3%BC,text=true,leaks-after=PT3S",
        new AgentOptions()
            .set("report", "/tmp/a,b=c %\u00fc")
            .set("text", true)
            .set("leaks-after", Duration.ofSeconds(3))
            .toString());
  }
}
