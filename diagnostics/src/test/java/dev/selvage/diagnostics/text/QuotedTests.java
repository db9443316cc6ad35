package dev.selvage.diagnostics.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Locale;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What JSON and Go have in common, and in what they differ. */
final class QuotedTests {
  private static String json(String text) {
    StringBuilder out = new StringBuilder();
    Quoted.json(out, text);
    return out.toString();
  }

  private static void assertQuoted(String json, String go, String text) {
    assertEquals('"' + json + '"', json(text));
    assertEquals('"' + go + '"', Quoted.go(text));
  }

  @Test
  @DisplayName("both escape alike what would end the quotes or the line")
  void alike() {
    assertQuoted("", "", "");
    assertQuoted("a \\\"b\\\" \\\\ é", "a \\\"b\\\" \\\\ é", "a \"b\" \\ é");
    assertQuoted("\\n\\r\\t", "\\n\\r\\t", "\n\r\t");
    assertQuoted("\uD83D\uDE00", "\uD83D\uDE00", "\uD83D\uDE00");
  }

  @Test
  @DisplayName("what is not printed has the number that each of them knows")
  void numbers() {
    assertQuoted("\\u0000\\u001b\\u007f", "\\x00\\x1b\\x7f", "\u0000\u001b\u007f");
    assertQuoted(
        "\\u0085\\u2028\\u202e\\ufeff", "\\u0085\\u2028\\u202e\\ufeff", "\u0085\u2028\u202e\ufeff");
    assertQuoted("\\ud800", "\\ud800", "\ud800");
    assertQuoted("\\udbff\\udffd", "\\U0010fffd", "\udbff\udffd"); // for private use
    assertQuoted("\\u003cb>", "<b>", "<b>");
  }

  @Test
  @DisplayName("without quotes, quotes are as they were, and a line stays one")
  void bare() {
    StringBuilder out = new StringBuilder();
    Quoted.bare(out, "a \"b\" \\ <init>\n\u001b[2J\u202e\ud800 \uD83D\uDE00");
    assertEquals("a \"b\" \\ <init>\\u000a\\u001b[2J\\u202e\\ud800 \uD83D\uDE00", out.toString());
  }

  @Test
  @DisplayName("another parser of JSON reads every character as it was")
  void everyCharacter() throws Exception {
    StringBuilder all = new StringBuilder();
    for (int c = 0; c <= Character.MAX_CODE_POINT; c += c < 0x3000 ? 1 : 61) {
      all.appendCodePoint(c).append(' '); // so that no two surrogates make a pair
    }
    String json = json(all.toString());
    assertEquals(all.toString(), new ObjectMapper().readTree(json).asText());
    assertFalse(json.chars().anyMatch(Character::isISOControl));
  }

  @Test
  @DisplayName("the digits are those of JSON and Go under every locale")
  void locale() {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
      assertQuoted("\\u0001", "\\x01", "\u0001");
    } finally {
      Locale.setDefault(before);
    }
  }
}
