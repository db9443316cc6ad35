package dev.selvage.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

final class FlameGraphTest {
  private record Box(long left, long width, long row, String name) {}

  private static final Pattern BOX =
      Pattern.compile(
          "data-l=\"(\\d+)\" data-w=\"(\\d+)\" x=\"[\\d.]+%\" y=\"(\\d+)\"[^>]*><title>(.*)\n");

  private static List<Box> boxes(String html) {
    List<Box> boxes = new ArrayList<>();
    Matcher box = BOX.matcher(html);
    while (box.find()) {
      boxes.add(
          new Box(
              Long.parseLong(box.group(1)),
              Long.parseLong(box.group(2)),
              Long.parseLong(box.group(3)) / 18,
              box.group(4)));
    }
    return boxes;
  }

  @Test
  void eachBoxIsAsWideAsItsShareAndLiesBelowItsCaller() throws Exception {
    String html = FlameGraph.html(PprofProfile.read(Profiles.shop()), "shop");
    long s = 1_000_000_000L;
    assertEquals(
        List.of(
            new Box(0, 4 * s, 0, "all"),
            new Box(0, s, 1, "com.acme.Order.quote"),
            new Box(s, 3 * s, 1, "com.acme.Shop.main"),
            new Box(0, s, 2, "java.lang.Long.parse"),
            new Box(s, 3 * s, 2, "com.acme.Order.quote"),
            new Box(0, s, 3, "java.lang.Long.parse")),
        boxes(html));
    assertTrue(html.contains("<p>cpu: 4s"), html);
    assertTrue(html.contains("3s, 75.00%; itself 3s, 75.00%"), html);
  }

  @Test
  void loadsNothingAndLetsNoNameOut() throws Exception {
    String hostile = "com.acme.</title></svg><script>alert('1')</script>\"&@TITLE@";
    byte[] file =
        Profiles.cpu()
            .add(
                List.of(new StackTraceElement(hostile, "m", null, -1)), Map.of(), 1, 1_000_000_000L)
            .build()
            .toProto();
    String html = FlameGraph.html(PprofProfile.read(file), "<b>@BOXES@");
    assertEquals(1, html.split("<script>", -1).length - 1, "our own");
    assertFalse(html.contains("alert('1')"), html);
    assertFalse(html.contains("<b>"), html);
    assertTrue(html.contains("<h1>&lt;b&gt;&#64;BOXES&#64;</h1>"), html);
    assertTrue(html.contains("&lt;/title&gt;"), html);
    assertTrue(html.contains("default-src 'none'"), html);
    assertFalse(html.matches("(?s).*(?:src|href)=.*"), "refers to nothing");
    assertFalse(html.contains("://"), "refers to nothing");
  }

  @Test
  void aDeepAndWideProfileIsDrawnInBounds() throws Exception {
    var deep = new ArrayList<StackTraceElement>();
    for (int i = 0; i < 50_000; i++) {
      deep.add(new StackTraceElement("com.acme.Deep", "m" + i % 7, "Deep.java", i));
    }
    var builder = Profiles.cpu().add(deep, Map.of(), 1, 1_000_000_000L);
    for (int i = 0; i < 5_000; i++) {
      builder.add(Profiles.stack("com.acme.Wide.m" + i), Map.of(), 1, 1);
    }
    String html = FlameGraph.html(PprofProfile.read(builder.build().toProto()), "deep");
    List<Box> boxes = boxes(html);
    assertTrue(boxes.size() <= 20_000, boxes.size() + " boxes");
    assertEquals(999, boxes.getLast().row());
    assertTrue(html.contains("What is deeper than 1000 calls is not drawn"));
    assertTrue(html.contains("What has less than 100us is not drawn"));
  }

  @Test
  void whatHasBecomeFewerIsLeftOutInWords() throws Exception {
    byte[] file =
        Profiles.cpu()
            .add(Profiles.stack("com.acme.A.a"), Map.of(), 1, 10)
            .add(Profiles.stack("com.acme.B.b"), Map.of(), -1, -10)
            .build()
            .toProto();
    String html = FlameGraph.html(PprofProfile.read(file), "delta");
    assertTrue(html.contains("1 stacks that became fewer are not drawn"), html);
    assertEquals(2, boxes(html).size());
  }

  @Test
  void anEmptyProfileIsAPageToo() throws Exception {
    String html = FlameGraph.html(PprofProfile.read(Profiles.cpu().build().toProto()), "none");
    assertEquals(List.of(new Box(0, 0, 0, "all")), boxes(html));
  }
}
