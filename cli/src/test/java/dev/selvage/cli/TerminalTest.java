package dev.selvage.cli;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;

final class TerminalTest {

  @Test
  void noColorIsRespectedWhenItSaysSomething() {
    assertTrue(Terminal.wantsColors(Map.of("TERM", "xterm")));
    assertTrue(Terminal.wantsColors(Map.of("NO_COLOR", "")));
    assertFalse(Terminal.wantsColors(Map.of("NO_COLOR", "1")));
    assertFalse(Terminal.wantsColors(Map.of("TERM", "dumb")));
  }
}
