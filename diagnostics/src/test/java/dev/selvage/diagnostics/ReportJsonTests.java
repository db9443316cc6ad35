package dev.selvage.diagnostics;

import static dev.selvage.diagnostics.Reports.HEALTHY;
import static dev.selvage.diagnostics.Reports.finding;
import static dev.selvage.diagnostics.Reports.noProof;
import static dev.selvage.diagnostics.Reports.proof;
import static dev.selvage.diagnostics.Reports.report;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The JSON form, read back by a parser that is not ours. */
final class ReportJsonTests {
  private static final ObjectMapper STRICT =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private static final Finding QUOTE =
      finding("chan send", 128)
          .at(
              "com.acme.OrderService.quote(OrderService.java:57)",
              "com.acme.Main.main(Main.java:3)")
          .seen(840)
          .name("quote-1")
          .frame("java.lang.VirtualThread", "park", "VirtualThread.java", 738)
          .frame("com.acme.OrderService", "quote", "OrderService.java", 57)
          .except("interrupt")
          .evidence("sizes", List.of("1", "2"))
          .evidence("rate", 1.5)
          .evidence("bounded", false)
          .evidence("bad", Double.NaN)
          .because("why")
          .suggestion("what")
          .proven();

  @Test
  @DisplayName("the whole document is as the schema says")
  void golden() throws Exception {
    Report report =
        report(
            HEALTHY,
            proof(),
            List.of(new Report.Missing("java.base/java.lang", "no proof")),
            List.of("a note"),
            QUOTE);
    String expected =
        """
        {"schema":"selvage.leaks/1","capturedAt":"2026-01-01T00:00:00Z",
         "vm":{"pid":1,"java":"25.0.3","collector":"G1"},
         "capabilities":{"scheduler":"jdk","proof":["now","concurrent"],
           "missing":[{"open":"java.base/java.lang","costs":"no proof"}]},
         "goroutines":{"total":1204,"blocked":1204,"unprovable":{"Object.wait":24},"excused":0,
           "canBeWoken":1100,"timed":0,"io":80},
         "proof":{"mode":"now","rounds":2,"pauseMillis":7.1,"totalMillis":31.4,"complete":true,
           "canary":true,"refuted":0,"why":null},
         "findings":[{"verdict":"proven","state":"open","kind":"chan send","count":128,
           "site":"com.acme.OrderService.quote(OrderService.java:57)",
           "entry":"com.acme.Main.main(Main.java:3)",
           "seenSeconds":840,"retainedBytes":null,"names":["quote-1"],
           "stack":["java.lang.VirtualThread.park(VirtualThread.java:738)",
                    "com.acme.OrderService.quote(OrderService.java:57)"],
           "fingerprint":"5f0c","except":"interrupt",
           "evidence":{"sizes":["1","2"],"rate":1.5,"bounded":false,"bad":null},
           "because":"why","try":"what",
           "scenario":1,"page":"docs/guide/scenarios/1-abandoned-sender.md"}],
         "notes":["a note"]}
        """;
    String json = ReportJson.render(report);
    assertEquals(STRICT.readTree(expected), STRICT.readTree(json));
    assertEquals(json.length() - 1, json.indexOf('\n'), "one line");
  }

  @Test
  @DisplayName("what is not known is null, and nothing is the empty list or object")
  void unknown() throws Exception {
    JsonNode json =
        STRICT.readTree(
            ReportJson.render(
                report(
                    new Report.Goroutines(0, 0, java.util.Map.of(), 0, -1, -1, -1),
                    noProof("no door is open"),
                    finding("park", 1).suspected())));
    assertTrue(json.at("/goroutines/canBeWoken").isNull());
    assertTrue(json.at("/goroutines/timed").isNull());
    assertTrue(json.at("/goroutines/io").isNull());
    assertEquals("{}", json.at("/goroutines/unprovable").toString());
    assertEquals("[]", json.at("/capabilities/proof").toString());
    assertEquals("no door is open", json.at("/proof/why").asText());
    for (String field :
        List.of("site", "entry", "seenSeconds", "retainedBytes", "except", "scenario", "page")) {
      assertTrue(json.at("/findings/0/" + field).isNull(), field);
    }
    assertEquals("[]", json.at("/findings/0/stack").toString());
    assertEquals("suspected", json.at("/findings/0/verdict").asText());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "\" \\ / \b \f \n \r \t",
        "\u0000\u0001\u001f\u007f\u0085\u009f",
        "\u2028\u2029\ufeff\ufffe",
        "pair \ud83d\ude00 pair",
        "high alone \ud800",
        "low alone \udc00 x",
        "reversed \udc00\ud800",
        "high high \ud800\ud83d\ude00",
        "</script>"
      })
  @DisplayName("any string survives the round trip, also through UTF-8")
  void strings(String text) throws Exception {
    Finding finding = finding(text, 1).name(text).evidence(text, List.of(text)).suspected();
    String json = ReportJson.render(report(HEALTHY, proof(), finding));
    byte[] wire = json.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    JsonNode read = STRICT.readTree(wire).at("/findings/0");
    assertEquals(text, read.get("kind").asText());
    assertEquals(text, read.get("names").get(0).asText());
    assertEquals(text, read.get("evidence").fieldNames().next());
    assertEquals(text, read.get("evidence").elements().next().get(0).asText());
    assertTrue(
        json.chars().limit(json.length() - 1).noneMatch(c -> Character.isISOControl(c)), json);
  }

  @Test
  @DisplayName("the default locale does not show")
  void locale() {
    Report report = report(HEALTHY, proof(), QUOTE, finding("a\u0001", 1).suspected());
    String expected = ReportJson.render(report);
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
      assertEquals(expected, ReportJson.render(report));
    } finally {
      Locale.setDefault(before);
    }
  }
}
