package dev.selvage.cli;

import dev.selvage.diagnostics.Frames;
import dev.selvage.diagnostics.profile.FlameJson;
import dev.selvage.diagnostics.profile.FlameTree;
import dev.selvage.diagnostics.profile.FlameTree.Box;
import dev.selvage.diagnostics.profile.StackProfile;
import dev.selvage.diagnostics.text.Html;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A profile as a flame graph: one HTML page that needs nothing else, no network and, but for
 * zooming and searching, no script. Callers are above, what they call below; the width of a box is
 * its share of the total.
 */
final class FlameGraph {
  /*
   * Every text that comes from the profile is escaped, wherever it stands. The page forbids itself
   * to load anything, so that even a name which got through could not.
   */

  /** More boxes than that no browser draws with pleasure: the narrowest are left out. */
  private static final int MOST_BOXES = 20_000;

  private static final int ROW = 18;

  private FlameGraph() {}

  /**
   * The page.
   *
   * @param title what the profile is of
   */
  static String html(PprofProfile profile, String title) {
    FlameTree tree = tree(profile);
    return page(profile, title, tree, tree.draw(MOST_BOXES));
  }

  /**
   * The tree as JSON, as the live page has it.
   *
   * @param name what the profile is called
   */
  static String json(PprofProfile profile, String name) {
    return FlameJson.of(
        tree(profile),
        MOST_BOXES,
        name,
        new StackProfile.Value(profile.type().name(), profile.type().unit()),
        profile.types().stream().map(PprofProfile.Type::name).toList(),
        null,
        Duration.ofNanos(profile.durationNanos()),
        List.of());
  }

  private static FlameTree tree(PprofProfile profile) {
    FlameTree tree = new FlameTree();
    for (PprofProfile.Sample sample : profile.samples()) {
      List<String> rootFirst = new ArrayList<>();
      sample.stack().reversed().forEach(frame -> rootFirst.add(frame.function()));
      tree.add(rootFirst, sample.values().get(profile.shown()));
    }
    return tree;
  }

  private static String page(
      PprofProfile profile, String title, FlameTree tree, FlameTree.Drawing drawing) {
    String unit = profile.type().unit();
    List<Box> boxes = drawing.boxes();
    int depth = boxes.stream().mapToInt(Box::depth).max().orElse(0) + 1;
    var summary = new StringBuilder();
    summary.append(escaped(profile.type().name())).append(": ");
    summary.append(Amounts.text(tree.total(), unit)).append(unit.equals("count") ? " in all" : "");
    if (profile.durationNanos() > 0) {
      summary.append(", in ").append(Amounts.text(profile.durationNanos(), "nanoseconds"));
    }
    if (tree.shrunk() > 0) {
      summary.append(". ").append(tree.shrunk()).append(" stacks that became fewer are not drawn");
    }
    if (drawing.least() > 1) {
      summary.append(". What has less than ").append(Amounts.text(drawing.least(), unit));
      summary.append(" is not drawn");
    }
    if (drawing.tooDeep()) {
      summary.append(". What is deeper than ").append(depth).append(" calls is not drawn");
    }
    var svg = new StringBuilder();
    for (Box box : boxes) {
      box(svg, box, tree.total(), unit);
    }
    return TEMPLATE
        .replace("@HEIGHT@", Integer.toString(depth * ROW))
        .replace("@TOTAL@", Long.toString(Math.max(1, tree.total())))
        .replace("@SUMMARY@", summary)
        // Last, since they may contain anything.
        .replace("@TITLE@", escaped(title).replace("@", "&#64;"))
        .replace("@BOXES@", svg);
  }

  private static void box(StringBuilder svg, Box box, long total, String unit) {
    double whole = Math.max(1, total);
    svg.append(
        String.format(
            Locale.ROOT,
            "<svg class=\"b %s\" tabindex=\"0\" data-l=\"%d\" data-w=\"%d\" x=\"%.4f%%\" y=\"%d\""
                + " width=\"%.4f%%\" height=\"%d\">",
            kind(box.name()),
            box.left(),
            box.value(),
            100 * box.left() / whole,
            box.depth() * ROW,
            100 * box.value() / whole,
            ROW - 1));
    svg.append("<title>").append(escaped(box.name())).append('\n');
    svg.append(Amounts.text(box.value(), unit)).append(", ");
    svg.append(Amounts.percent(box.value(), total));
    if (box.self() > 0) {
      svg.append("; itself ").append(Amounts.text(box.self(), unit)).append(", ");
      svg.append(Amounts.percent(box.self(), total));
    }
    svg.append("</title><rect width=\"100%\" height=\"100%\"/><text x=\"3\" y=\"13\">");
    svg.append(escaped(shortName(box.name()))).append("</text></svg>\n");
  }

  private static String kind(String function) {
    if (Frames.isJdk(function)) {
      return "j";
    }
    return Frames.isSelvage(function) ? "s" : "p";
  }

  /** {@code Order.quote} of {@code com.acme.Order.quote}. */
  static String shortName(String function) {
    int method = function.lastIndexOf('.');
    int type = method < 0 ? -1 : function.lastIndexOf('.', method - 1);
    return function.substring(type + 1);
  }

  private static String escaped(String text) {
    return Html.escaped(Amounts.harmless(text));
  }

  private static final String TEMPLATE =
      """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
      <title>@TITLE@</title>
      <style>
      :root { color-scheme: light dark; }
      body { font: 14px sans-serif; margin: 1em; }
      h1 { font-size: 1.2em; margin: 0 0 0.3em; }
      p { margin: 0.3em 0; }
      #graph { width: 100%; display: block; }
      .b { cursor: pointer; }
      .b text { font: 12px sans-serif; fill: #000; pointer-events: none; }
      .b rect { stroke: #fff; stroke-width: 0.5; }
      .b.p rect { fill: #f0a35e; }
      .b.j rect { fill: #b9c7d6; }
      .b.s rect { fill: #9fd0a5; }
      .b.above rect { opacity: 0.5; }
      .b.hit rect { fill: #e58ae5; }
      .b:hover rect, .b:focus rect { stroke: #000; stroke-width: 2; }
      .b:focus { outline: none; }
      </style></head>
      <body>
      <h1>@TITLE@</h1>
      <p>@SUMMARY@.</p>
      <p><label>Search <input id="search" type="search" autocomplete="off"></label>
      <button id="whole" type="button">Show the whole</button>
      <output id="found"></output></p>
      <svg id="graph" height="@HEIGHT@" role="group" aria-label="flame graph">
      @BOXES@</svg>
      <p>Program orange, JDK grey, Selvage green. Click a box, or press Enter on it, to look closer; Escape shows the whole.</p>
      <script>
      'use strict';
      const total = @TOTAL@;
      const boxes = Array.from(document.querySelectorAll('.b'), e => ({
        e, l: +e.dataset.l, w: +e.dataset.w, y: +e.getAttribute('y'), name: e.querySelector('title').textContent.split('\\n')[0]
      }));
      function show(l, w, y) {
        for (const b of boxes) {
          const from = Math.max(b.l, l), to = Math.min(b.l + b.w, l + w);
          const above = b.y < y;
          b.e.style.display = to > from ? '' : 'none';
          b.e.classList.toggle('above', above);
          b.e.setAttribute('x', 100 * (from - l) / w + '%');
          b.e.setAttribute('width', 100 * (to - from) / w + '%');
        }
      }
      function whole() { show(0, total, 0); }
      for (const b of boxes) {
        b.e.addEventListener('click', () => show(b.l, b.w, b.y));
        b.e.addEventListener('keydown', event => { if (event.key === 'Enter') show(b.l, b.w, b.y); });
      }
      document.getElementById('whole').addEventListener('click', whole);
      document.addEventListener('keydown', event => { if (event.key === 'Escape') whole(); });
      document.getElementById('search').addEventListener('input', event => {
        const words = event.target.value.toLowerCase();
        let sum = 0, end = 0;
        const hits = boxes.filter(b => {
          const hit = words !== '' && b.name.toLowerCase().includes(words);
          b.e.classList.toggle('hit', hit);
          return hit;
        });
        hits.sort((a, b) => a.l - b.l || b.w - a.w);
        for (const b of hits) {
          if (b.l >= end) { sum += b.w; end = b.l + b.w; }
        }
        document.getElementById('found').textContent =
          words === '' ? '' : (100 * sum / total).toFixed(2) + '% in ' + hits.length + ' boxes';
      });
      </script>
      </body></html>
      """;
}
