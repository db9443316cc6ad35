package dev.selvage.verification;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;

/**
 * The live page in a real Chromium, of a program that works, leaks and has names that attack the
 * page. Pictures of what was seen are in {@code target/page}.
 */
@Timeout(300)
final class PageIT {
  private static final Path PICTURES = Project.ROOT.resolve("verification/target/page");
  private static final List<String> VIEWS =
      List.of("overview", "leaks", "goroutines", "flame", "scheduler", "growth", "timeline");

  @SuppressWarnings("NullAway.Init") // before all tests
  private static Browser browser;

  @SuppressWarnings("NullAway.Init")
  private static Target program;

  @SuppressWarnings("NullAway.Init")
  private static String page;

  @BeforeAll
  static void start(@TempDir Path directory) throws Exception {
    Files.createDirectories(PICTURES);
    browser = Browser.start(Files.createDirectory(directory.resolve("profile")));
    Path address = directory.resolve("address");
    program =
        Target.java()
            .classPath(Project.testClasses() + File.pathSeparator + Project.programsInTheLanguage())
            .agent(directory, "port=0,leaks-after=3s,flight-recorder=10s,address=" + address)
            .start(directory, PageProgram.class);
    program.await("ready");
    program.report();
    page = Files.readString(address, UTF_8).strip() + "/debug/selvage/";
  }

  @AfterAll
  static void end() {
    if (browser != null) {
      browser.close();
    }
    if (program != null) {
      program.close();
    }
  }

  @BeforeEach
  void fresh() {
    browser.size(1280, 900);
    browser.open("about:blank");
  }

  @AfterEach
  void harmless() {
    assertNull(browser.run("return window.hacked ?? null"), "a name was taken for a script");
    assertEquals(
        0L, browser.run("return document.querySelectorAll('img, main script').length"), "markup");
    browser.assertNoComplaints();
  }

  private static void view(String name) {
    browser.open(page + "#/" + name);
    browser.await("[data-view=" + name.replaceAll("/.*", "") + "] h1");
  }

  private static void picture(String name) throws Exception {
    browser.picture(PICTURES.resolve(name + ".png"));
  }

  @Test
  void overview_shows_what_goroutines_and_the_heap_do() throws Exception {
    view("overview");
    browser.await("#status", "live");
    browser.await("#who", "PageProgram");
    browser.await(".tile.goroutines b");
    browser.await(".tile.proven b");
    browser.await(".tile.findings .note", "proven");
    browser.await(".chart .legend", "chan send");
    assertEquals(4, browser.all(".chart .plot canvas").size());
    browser.click(".chart details summary");
    browser.await(".chart table tbody", "proven leaked");
    String label = browser.all(".chart .plot").getFirst().getAttribute("aria-label");
    assertTrue(label != null && label.startsWith("Goroutines by state: "), label);
    assertLives(); // by itself
    picture("overview");
  }

  private static String heap() {
    return String.valueOf(browser.run("return document.querySelector('.tile.heap b').textContent"));
  }

  @Test
  void leaks_are_listed_as_they_are_proven_each_with_a_page() throws Exception {
    view("leaks");
    browser.await("table.findings tr.proven", "chan send");
    String looked = browser.await("main .summary", "canary found").getText();
    browser.click(".actions button.primary", "Look now");
    for (int i = 0; i < 200 && browser.await("main .summary").getText().equals(looked); i++) {
      Thread.sleep(100);
    }
    assertNotEquals(looked, browser.await("main .summary", "canary found").getText());
    browser.await("table.findings tr.suspected", "growth");
    picture("leaks");
    browser.click("table.findings tr.proven a", "chan send");
    browser.await("h1", "chan send");
    assertTrue(browser.address().contains("#/leaks/"), browser.address());
    browser.await(".answer.because", "can reach the channel");
    browser.await(".answer.try");
    browser.await(".facts", "PageProgram.");
    browser.await(".facts", "last receiver");
    browser.await(".facts", "docs/guide/scenarios/1-abandoned-sender.md");
    browser.await(".stack .frame.p", "PageProgram.lambda$abandon");
    assertTrue(browser.title().startsWith("proven: chan send"), browser.title());
    picture("finding");
    browser.click(".crumbs a");
    browser.click("table.findings tr.suspected a", "growth");
    browser.await(".evidence", "grew by");
    browser.await(".chart .plot canvas");
    picture("suspicion");
  }

  @Test
  void goroutines_are_grouped_searched_sorted_and_expanded() throws Exception {
    view("goroutines");
    browser.await("table.goroutines tbody tr", "chan send");
    browser.press("/");
    assertEquals("search", browser.focused().getAttribute("type"));
    browser.press("img src=x");
    browser.await("main .summary", "1 of them here");
    browser.click("button.expand");
    browser.await(".examples", PageProgram.HOSTILE.substring(0, 20));
    picture("hostile");
    browser.click(".filters select[aria-label=Rows] option[value=one]");
    browser.await("table.goroutines tbody td", PageProgram.HOSTILE.substring(0, 20));
    WebElement search = browser.await("main input[type=search]");
    search.clear();
    search.sendKeys("abandon");
    browser.await("table.goroutines tbody tr", "PageProgram.lambda$abandon");
    browser.click(".filters select[aria-label=Rows] option[value=stack]");
    browser.click("th button.sort", "Waits for");
    browser.await("th[aria-sort=ascending]", "Waits for");
    browser.click("th button.sort", "Waits for");
    browser.await("th[aria-sort=descending]", "Waits for");
    search.clear();
    search.sendKeys("nobody is called like that");
    browser.await("td.empty");
    search.clear();
    browser.click(".filters button[type=submit]", "Refresh");
    browser.await("table.goroutines tbody tr", "chan send");
    picture("goroutines");
  }

  @Test
  void flame_graphs_are_zoomed_searched_and_compared() throws Exception {
    view("flame");
    browser.await(".canvas.flame canvas");
    browser.await(".captures tbody tr", "goroutine");
    browser.run("document.querySelector('.canvas.flame').focus()");
    browser.press(Keys.ARROW_DOWN);
    browser.await("#readout", "VirtualThread.run");
    browser.press(Keys.ARROW_DOWN, Keys.ENTER);
    String deeper = browser.await("#readout", ": ").getText();
    assertFalse(deeper.startsWith("all:"), deeper);
    browser.press(Keys.ESCAPE);
    browser.await("#readout", "all: ");
    browser.press(Keys.TAB);
    browser.click("main input[type=search]");
    browser.press("abandon");
    browser.await("output", "box");
    browser.click("form.filters button.primary", "Take");
    browser.click(".captures button", "Compare with this");
    browser.await("#readout", "compared with");
    browser.await(".key", "more than before");
    browser.click("main details summary", "As a table");
    browser.await("table.functions tbody tr");
    picture("flame-diff");
    for (String profile :
        List.of("cpu", "allocs", "oldobjects", "mutex", "com.acme.receipts", "heap")) {
      browser.click("form.filters select option[value='" + profile + "']");
      if (profile.startsWith("com.acme")) {
        browser.click("form.filters button.primary", "Take");
        browser.await(".captures tr[aria-current]", profile);
        browser.await(".canvas.flame canvas");
        continue; // of now
      }
      WebElement seconds = browser.await("form.filters input[type=number]");
      seconds.clear();
      seconds.sendKeys(
          switch (profile) {
            case "heap" -> "0";
            case "oldobjects" -> "3"; // it collects
            default -> "1";
          });
      browser.click("form.filters button.primary", "Take");
      browser.await(".captures tr[aria-current]", profile);
      // Whether anybody waits for the lock in just that second is chance.
      browser.await(".canvas.flame canvas" + (profile.equals("mutex") ? ", .panel.empty" : ""));
    }
    assertEquals(0, browser.all("p.error:not([hidden])").size());
    picture("flame");
  }

  @Test
  void the_scheduler_has_a_lane_for_each_p_and_its_latency() throws Exception {
    view("scheduler");
    browser.await("table.lanes tbody tr", "P 0");
    browser.await(".tiles", "GOMAXPROCS");
    browser.click("section.panel button", "Measure");
    browser.await("ul.bars li");
    browser.await("section.panel", "half below");
    picture("scheduler");
  }

  @Test
  void what_grows_has_a_curve() throws Exception {
    view("growth");
    browser.await("table.growth tbody tr", "PageProgram.RECEIPTS");
    browser.await("table.growth tbody tr", "ticker");
    browser.click("table.growth button.expand", "RECEIPTS");
    browser.await(".chart h2", "RECEIPTS");
    browser.await("main .chart .plot canvas");
    picture("growth");
  }

  @Test
  void the_timeline_draws_what_ran_where() throws Exception {
    view("timeline");
    browser.click("form.filters select option[value='0.2']");
    browser.click("form.filters button.primary", "Record");
    browser.await("table.busiest tbody tr", "customers");
    browser.await(".notes", PageProgram.HOSTILE.substring(0, 20));
    browser.run("document.querySelector('.canvas').focus()");
    browser.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT);
    browser.await("#slice", "ran for");
    browser.press("+", "+", Keys.ENTER);
    picture("timeline");
    browser.press(Keys.ESCAPE);
    browser.click("main select[aria-label=Lanes] option[value=g]");
    browser.await(".key", "runnable");
    String recorded = browser.await("main .summary", " until ").getText();
    browser.click("form.filters button", "Show the last seconds");
    browser.awaitOther("main .summary", recorded);
    browser.await("table.busiest tbody tr", "customers");
    assertEquals(0, browser.all("p.error:not([hidden])").size());
  }

  @Test
  void eight_tabs_share_one_stream_and_each_of_them_lives() throws Exception {
    String first = browser.currentTab();
    view("overview");
    browser.await("#status", "live");
    List<String> tabs = new ArrayList<>(List.of(first));
    try {
      while (tabs.size() < 8) {
        tabs.add(browser.openTab(page + "#/overview"));
      }
      for (String tab : tabs) {
        browser.show(tab);
        browser.await("#status", "live");
        browser.await("#who", "PageProgram");
        assertLives();
      }
      // There is a connection left for what a tab asks for itself.
      view("goroutines");
      browser.await("table.goroutines tbody tr", "chan send");
      // When the tab that reads the stream pauses, or is closed, another one does.
      browser.show(first);
      browser.press("p");
      browser.await("#status", "paused");
      browser.show(tabs.get(1));
      browser.await("#status", "live");
      assertLives();
      browser.closeTab();
      tabs.remove(1);
      browser.show(tabs.get(2));
      browser.await("#status", "live");
      assertLives();
      browser.show(first);
      browser.press("p");
      browser.await("#status", "live");
      assertLives();
    } finally {
      for (String tab : tabs.subList(1, tabs.size())) {
        browser.show(tab);
        browser.closeTab();
      }
      browser.show(first);
    }
  }

  /** The heap of a program that works is another one from sample to sample. */
  private static void assertLives() throws InterruptedException {
    browser.await(".tile.heap b");
    String before = heap();
    for (int i = 0; i < 100 && heap().equals(before); i++) {
      Thread.sleep(300);
    }
    assertNotEquals(before, heap());
  }

  @Test
  void nothing_is_found_by_an_accessibility_checker_dark_or_light() throws Exception {
    String axe;
    try (InputStream in = PageIT.class.getResourceAsStream("/axe.min.js")) {
      axe = new String(Objects.requireNonNull(in, "axe-core").readAllBytes(), UTF_8);
    }
    List<String> found = new ArrayList<>();
    for (String scheme : List.of("dark", "light")) {
      browser.prefers("prefers-color-scheme", scheme);
      for (String view : VIEWS) {
        view(view);
        browser.await("#status", "live");
        fill(view);
        found.addAll(check(axe, view + " " + scheme));
      }
      view("leaks");
      browser.click("table.findings tr.proven a", "chan send");
      browser.await(".stack .frame.p");
      found.addAll(check(axe, "a finding " + scheme));
      browser.press("?");
      browser.await("dialog[open]", "Keys");
      found.addAll(check(axe, "help " + scheme));
      browser.press(Keys.ESCAPE);
    }
    browser.prefers("prefers-color-scheme", "");
    assertEquals(List.of(), found);
  }

  /** Has a view show what it has. */
  private static void fill(String view) {
    switch (view) {
      case "overview" -> browser.click(".chart details summary");
      case "leaks" -> browser.await("table.findings tr.proven", "chan send");
      case "goroutines" -> {
        browser.await("table.goroutines tbody tr", "chan send");
        browser.click("button.expand");
        browser.await("tr.more .stack");
      }
      case "flame" -> browser.await(".canvas.flame canvas");
      case "scheduler" -> browser.await("table.lanes tbody tr", "P 0");
      case "growth" -> {
        browser.await("table.growth tbody tr", "PageProgram.RECEIPTS");
        browser.click("table.growth button.expand", "RECEIPTS");
        browser.await("main .chart .plot canvas");
      }
      case "timeline" -> {
        browser.click("form.filters select option[value='0.2']");
        browser.click("form.filters button.primary", "Record");
        browser.await("table.busiest tbody tr", "customers");
      }
      default -> throw new IllegalArgumentException(view);
    }
  }

  private static List<String> check(String axe, String what) {
    browser.run(axe);
    Object found =
        browser.runAsync(
            "const done = arguments[arguments.length - 1];"
                + " axe.run(document, {resultTypes: ['violations']}).then("
                + "r => done(r.violations.map(v => v.id + ': ' + v.help + ': '"
                + " + v.nodes.slice(0, 3).map(n => n.target + ' ' + n.failureSummary).join('; '))),"
                + " e => done(['' + e]));");
    return found instanceof List<?> all
        ? all.stream().map(one -> what + ": " + one).toList()
        : List.of(what + ": no answer");
  }

  @Test
  void everything_is_reached_with_the_keyboard() {
    view("overview");
    browser.await("#status", "live");
    browser.tab();
    assertEquals("skip", browser.focused().getAttribute("id"));
    browser.press(Keys.ENTER);
    assertEquals("main", browser.focused().getAttribute("id"));
    for (int i = 0; i < VIEWS.size(); i++) {
      browser.press(Integer.toString(i + 1));
      browser.await("[data-view=" + VIEWS.get(i) + "] h1");
      // Something new has the focus, so that a screen reader says where it has come to.
      assertEquals("h1", browser.focused().getTagName());
      assertEquals(
          VIEWS.get(i), browser.await("#nav a[aria-current=page]").getAttribute("data-view"));
    }
    browser.press("?");
    browser.await("dialog[open]", "Keys");
    browser.press(Keys.ESCAPE);
    browser.awaitGone("dialog[open]");
    browser.press("p");
    browser.await("#status", "paused");
    // The name says what it does next; a state besides would say the contrary.
    assertEquals("Go on", browser.await("#pause").getText());
    assertNull(browser.await("#pause").getDomAttribute("aria-pressed"));
    browser.press("p");
    browser.await("#status", "live");
    // From the view's beginning, Tab alone leads to a row of the table, and Enter opens it.
    browser.press("3");
    browser.await("table.goroutines tbody tr");
    int steps = 0;
    while (browser.focused().getAttribute("aria-expanded") == null && steps++ < 30) {
      browser.tab();
    }
    browser.press(Keys.ENTER);
    browser.await("tr.more .stack");
  }

  @Test
  void landmarks_and_tables_are_what_they_say() {
    for (String view : VIEWS) {
      view(view);
      assertEquals(1, browser.all("main h1").size(), view);
      assertEquals(1, browser.all("main").size());
      assertEquals(1, browser.all("nav[aria-label=Views]").size());
      Object nameless =
          browser.run(
              "return [...document.querySelectorAll('button, a, input, select')]"
                  + ".filter(e => e.checkVisibility()"
                  + " && !(e.textContent.trim() || e.ariaLabel || e.labels?.length)).length");
      assertEquals(0L, nameless, view);
      Object headless =
          browser.run(
              "return [...document.querySelectorAll('main thead th')]"
                  + ".filter(e => e.scope !== 'col').length");
      assertEquals(0L, headless, view);
    }
  }

  /**
   * What a screen reader is given of each view, besides what {@link #EVERYWHERE} is: in that order,
   * roles with how names begin, or texts where a role has no name.
   */
  private static final Map<String, List<String>> TOLD =
      Map.of(
          "overview",
          List.of(
              "heading 1: Overview",
              "list: Now",
              "link: Goroutines ",
              "link: Proven leaked ",
              "link: Findings ",
              "figure: Goroutines by state",
              "image: Goroutines by state: proven leaked ",
              "DisclosureTriangle: As numbers Goroutines by state",
              "table: Goroutines by state",
              "columnheader: now",
              "rowheader: waiting",
              "figure: By what they wait for",
              "image: By what they wait for: ",
              "figure: Heap",
              "image: Heap: used ",
              "figure: Collecting, per second"),
          "leaks",
          List.of(
              "heading 1: Leaks",
              "checkbox: Keep looking",
              "button: Look now",
              "paragraph: Looked at ",
              "region: Proven",
              "heading 2: Proven",
              "table: Proven",
              "columnheader: Count",
              "link: chan send",
              "region: Suspected",
              "heading 2: Suspected",
              "table: Suspected",
              "columnheader: Where"),
          "goroutines",
          List.of(
              "heading 1: Goroutines",
              "search",
              "searchbox: Search",
              "combobox: Waits for",
              "combobox: Rows",
              "checkbox: proven leaked",
              "checkbox: keep fresh",
              "button: Refresh",
              "paragraph: ",
              "table: Goroutines",
              "columnheader: Count",
              "button: Count",
              "columnheader: Waits for",
              "button: chan send",
              "navigation: Pages of the table",
              "button: Previous",
              "button: Next"),
          "flame",
          List.of(
              "heading 1: Flame graphs",
              "combobox: Profile",
              "button: Take",
              "table: Captures",
              "columnheader: Profile",
              "rowheader: goroutine, goroutine",
              "searchbox: Search functions",
              "status (polite): ",
              "button: Show the whole",
              "tree: goroutine, goroutine",
              "treeitem: all: ",
              "paragraph: goroutine, goroutine: ",
              "DisclosureTriangle: As a table"),
          "scheduler",
          List.of(
              "heading 1: Scheduler",
              "region: Scheduler 0",
              "table: Ps",
              "columnheader: Last two minutes",
              "rowheader: P 0",
              "image: P 0: ",
              "figure: Goroutines that wait to be run",
              "figure: Per second",
              "region: From runnable to running",
              "heading 2: From runnable to running",
              "button: Measure for 1 s",
              "paragraph: Measured on demand"),
          "growth",
          List.of(
              "heading 1: Growth",
              "searchbox: Search",
              "checkbox: only what only grows",
              "paragraph: ",
              "figure: dev.selvage.verification.PageProgram.RECEIPTS",
              "image: dev.selvage.verification.PageProgram.RECEIPTS: ",
              "table: What is watched",
              "columnheader: Grew by",
              "button: dev.selvage.verification.PageProgram.RECEIPTS",
              "image: from "),
          "timeline",
          List.of(
              "heading 1: Timeline",
              "combobox: For how long",
              "button: Record",
              "button: Show the last seconds",
              "status (polite): ",
              "combobox: Lanes",
              "button: Closer",
              "button: Further",
              "button: Show the whole",
              "listbox: what ran on each P",
              "option: Point at a slice",
              "paragraph: Point at a slice",
              "region: From runnable to running",
              "list: From runnable to running",
              "region: Tasks, regions, logs",
              "region: The busiest goroutines",
              "table: Goroutines by the time for which they ran",
              "columnheader: Goroutine"));

  private static final List<String> FINDING =
      List.of(
          "link: ← All leaks",
          "heading 1: proven chan send",
          "region: Because",
          "heading 2: Because",
          "region: Try",
          "region: Stack",
          "DisclosureTriangle: ",
          "link: All goroutines that are proven to be leaked");

  private static final List<String> EVERYWHERE =
      List.of(
          "link: Skip to the view",
          "banner: ",
          "navigation: Views",
          "link: Overview",
          "link: Leaks",
          "link: Goroutines",
          "link: Flame graphs",
          "link: Scheduler",
          "link: Growth",
          "link: Timeline",
          "button: Keys",
          "button: Theme: ",
          "region: The program",
          "status (polite): live",
          "button: Pause",
          "main: ");

  /** Roles of which nobody could tell without a name what they are. */
  private static final Set<String> NAMED =
      Set.of(
          "button",
          "checkbox",
          "columnheader",
          "combobox",
          "dialog",
          "figure",
          "heading",
          "image",
          "link",
          "listbox",
          "navigation",
          "option",
          "progressbar",
          "region",
          "rowheader",
          "searchbox",
          "spinbutton",
          "table",
          "textbox",
          "tree",
          "treeitem");

  @Test
  void a_screen_reader_is_told_what_each_view_has() throws Exception {
    List<String> wrong = new ArrayList<>();
    for (String view : VIEWS) {
      view(view);
      browser.await("#status", "live");
      fill(view);
      List<Browser.Told> told = told(view, 1, wrong);
      inOrder(view, EVERYWHERE, told, wrong);
      inOrder(view, Objects.requireNonNull(TOLD.get(view)), told, wrong);
    }
    view("leaks");
    browser.click("table.findings tr.proven a", "chan send");
    browser.await(".stack .frame.p");
    List<Browser.Told> finding = told("a finding", 1, wrong);
    inOrder("a finding", EVERYWHERE, finding, wrong);
    inOrder("a finding", FINDING, finding, wrong);
    browser.click(".crumbs a");
    browser.click("table.findings tr.suspected a", "growth");
    browser.await(".evidence", "grew by");
    List<String> evidence = List.of("heading 1: suspected", "region: Evidence", "table: Evidence");
    inOrder("a suspicion", evidence, told("a suspicion", 1, wrong), wrong);
    browser.press("?");
    browser.await("dialog[open]", "Keys");
    List<Browser.Told> help = told("help", 0, wrong);
    inOrder("help", List.of("dialog: Keys", "heading 2: Keys", "button: Close"), help, wrong);
    if (help.stream().anyMatch(t -> t.role().equals("main"))) {
      wrong.add("help: what is behind it is told too");
    }
    browser.press(Keys.ESCAPE);
    browser.awaitGone("dialog[open]");
    assertEquals(List.of(), wrong);
  }

  /** What is told of what is shown now, and is in a file beside the pictures; and what is wrong. */
  private static List<Browser.Told> told(String where, int tops, List<String> wrong)
      throws IOException {
    List<Browser.Told> told = browser.told();
    Files.write(
        PICTURES.resolve(where + ".txt"), told.stream().map(Browser.Told::toString).toList());
    int before = 0;
    int met = 0;
    for (Browser.Told each : told) {
      if (NAMED.contains(each.role()) && each.name().isBlank()) {
        wrong.add(where + ": without a name: " + each);
      }
      if (each.focusable() && each.name().isBlank() && each.text().isBlank()) {
        wrong.add(where + ": can have the focus, and says nothing: " + each);
      }
      if (each.level() > before + 1 && before > 0) {
        wrong.add(where + ": a level is left out before " + each);
      }
      met += each.level() == 1 ? 1 : 0;
      before = each.level() > 0 ? each.level() : before;
    }
    if (met != tops) {
      wrong.add(where + ": " + met + " headings of the first level");
    }
    return told;
  }

  private static void inOrder(String where, List<String> wanted, List<?> all, List<String> wrong) {
    Iterator<?> each = all.iterator();
    for (String next : wanted) {
      boolean met = false;
      while (!met && each.hasNext()) {
        met = each.next().toString().startsWith(next);
      }
      if (!met) {
        wrong.add(where + ": no '" + next + "', or too early, in " + all);
        return;
      }
    }
  }

  @Test
  void a_screen_reader_hears_news() throws Exception {
    view("leaks");
    browser.await("table.findings tr.proven", "chan send");
    assertFalse(heard().contains("chan receive"), heard());
    program.ask("new", "forgot new");
    for (int i = 0; i < 300 && !heard().contains("proven: chan receive"); i++) {
      if (i % 50 == 0) { // whether it waited already when somebody looked is chance
        browser.click(".actions button.primary", "Look now");
      }
      Thread.sleep(100);
    }
    assertTrue(heard().contains("proven: chan receive, 1"), heard());
    List<Browser.Told> told = browser.told();
    assertTrue(
        told.stream()
            .anyMatch(t -> t.live().equals("polite") && t.text().contains("proven: chan receive")),
        told::toString);
    // A state that changes is heard, and one that stays is not said again.
    browser.run(
        "window.said = [];"
            + "new MutationObserver(all => all.forEach("
            + "m => m.addedNodes.forEach(n => said.push(n.textContent))))"
            + ".observe(document.getElementById('status'), {childList: true})");
    browser.press("p");
    browser.await("#status", "paused");
    browser.press("p");
    browser.await("#status", "live");
    List<?> said = (List<?>) Objects.requireNonNull(browser.run("return said"));
    assertEquals("paused", said.getFirst());
    assertEquals("live", said.getLast());
    assertEquals(Set.copyOf(said).size(), said.size(), said::toString);
  }

  /** Notes in {@code window.said} whatever is put into what a screen reader says by itself. */
  private static final String HEAR =
      """
      window.said = [];
      const live = '[aria-live=polite], [aria-live=assertive], [role=status], [role=alert], output';
      window.hear?.disconnect();
      window.hear = new MutationObserver(all => all.forEach(m => {
        const at = m.target.nodeType === Node.TEXT_NODE ? m.target.parentElement : m.target;
        if (at?.closest(live)) {
          said.push([...m.addedNodes, ...(m.type === 'characterData' ? [m.target] : [])].map(n => n.textContent).join(' '));
        }
      }));
      window.hear.observe(document.body, {subtree: true, childList: true, characterData: true});
      """;

  /** What was said since, but for news of findings, which come when they are found. */
  private static List<String> said() {
    return ((List<?>) Objects.requireNonNull(browser.run("return said")))
        .stream()
            .map(String::valueOf)
            .filter(text -> !text.isBlank() && !text.matches("(proven|suspected|deadlocked): .*"))
            .toList();
  }

  private static void awaitSaid(String text) throws InterruptedException {
    for (int i = 0; i < 300 && said().stream().noneMatch(s -> s.contains(text)); i++) {
      Thread.sleep(100);
    }
    assertTrue(said().stream().anyMatch(s -> s.contains(text)), () -> "no " + text + ": " + said());
  }

  /** Waits until the page has asked the server twice more for what a view shows. */
  private static void awaitTwoMore(String path) throws InterruptedException {
    String count =
        "return performance.getEntriesByType('resource')"
            + ".filter(e => new URL(e.name).pathname.endsWith('/"
            + path
            + "')).length";
    browser.run("performance.setResourceTimingBufferSize(100000)");
    long before = ((Number) Objects.requireNonNull(browser.run(count))).longValue();
    long now = before;
    for (int i = 0; i < 300 && now < before + 2; i++) {
      Thread.sleep(100);
      now = ((Number) Objects.requireNonNull(browser.run(count))).longValue();
    }
    assertTrue(now >= before + 2, path + " was not asked for again");
  }

  private static void focus(String selector) {
    browser.await(selector);
    browser.run("document.querySelector(arguments[0]).focus()", selector);
  }

  private static String focusedText() {
    return String.valueOf(browser.run("return document.activeElement.textContent"));
  }

  @Test
  void a_screen_reader_hears_what_was_asked_for_and_no_more() throws Exception {
    view("goroutines");
    browser.await("table.goroutines tbody tr", "chan send");
    browser.run(HEAR);
    focus("th button.sort[data-key='sort reason']");
    browser.press(Keys.ENTER);
    awaitSaid("sorted by Waits for, ascending");
    browser.press(Keys.ENTER);
    awaitSaid("sorted by Waits for, descending");
    browser.click(".filters label", "keep fresh");
    browser.run("said.length = 0");
    awaitTwoMore("goroutines");
    assertEquals(List.of(), said(), "by itself");
    browser.click(".filters label", "keep fresh");

    view("growth");
    browser.await("table.growth tbody tr", "PageProgram.RECEIPTS");
    browser.run(HEAR);
    awaitTwoMore("growth");
    assertEquals(List.of(), said(), "by itself");
    browser.await("main input[type=search]").sendKeys("nobody is called like that");
    awaitSaid("0 of ");

    view("leaks");
    browser.await("table.findings tr.proven", "chan send");
    browser.run(HEAR);
    browser.click(".actions button.primary", "Look now");
    awaitSaid("proven, ");
    browser.run("said.length = 0");
    browser.click(".actions label", "Keep looking");
    awaitTwoMore("leaks");
    browser.click(".actions label", "Keep looking");
    assertEquals(List.of(), said(), "by itself");

    view("scheduler");
    browser.await("table.lanes tbody tr", "P 0");
    browser.run(HEAR);
    browser.click("section.panel button", "Measure");
    awaitSaid("half below");
    assertTrue(said().stream().noneMatch(s -> s.contains("<")), () -> "each bar: " + said());

    // The same words again are news again.
    browser.run("said.length = 0");
    browser.runAsync(
        "const done = arguments[arguments.length - 1]; import('./page/dom.js').then(dom => {"
            + " dom.announce('once more'); dom.announce('once more'); done(null); }, done)");
    awaitSaid("once more");
    assertEquals(List.of("once more", "once more"), said());
  }

  @Test
  void who_works_with_the_keyboard_stays_where_they_are() throws Exception {
    String mark = "document.querySelector(arguments[0]).marked = true";
    String marked = "return document.querySelector(arguments[0])?.marked === true";
    view("goroutines");
    browser.await("table.goroutines tbody tr", "chan send");
    focus("th button.sort[data-key='sort count']");
    browser.run(mark, "th button.sort[data-key='sort count']");
    browser.press(Keys.ENTER);
    browser.await("th[aria-sort=ascending]", "Count");
    assertEquals("sort count", browser.run("return document.activeElement.dataset.key"));
    browser.click(".filters label", "keep fresh");
    browser.click("table.goroutines button.expand", "chan receive");
    browser.run(mark, "tr.more .frame");
    browser.run("document.querySelector('tr.more details')?.setAttribute('open', '')");
    awaitTwoMore("goroutines");
    assertEquals(true, browser.run(marked, "th button.sort[data-key='sort count']"));
    assertEquals(true, browser.run(marked, "tr.more .frame"), "what is read was made anew");
    assertEquals(
        0L, browser.run("return document.querySelectorAll('tr.more details:not([open])').length"));
    assertTrue(focusedText().startsWith("chan receive"), focusedText());
    focus(".pages button:last-of-type");
    browser.press(Keys.ENTER); // there is one page only
    assertEquals("Next", focusedText());

    view("growth");
    browser.await("table.growth tbody tr", "PageProgram.RECEIPTS");
    browser.run(mark, "table.growth tbody tr[data-key$=RECEIPTS]");
    awaitTwoMore("growth");
    assertEquals(true, browser.run(marked, "table.growth tbody tr[data-key$=RECEIPTS]"));

    view("overview");
    browser.click(".chart details summary");
    browser.await(".chart table tbody tr");
    browser.run(mark, ".chart table tbody tr");
    assertLives();
    assertEquals(true, browser.run(marked, ".chart table tbody tr"));

    view("leaks");
    browser.await("table.findings tr.proven", "chan send");
    browser.run(mark, "table.findings tr.proven");
    String before = browser.await("main .summary", "canary found").getText();
    focus(".actions button.primary");
    // Who asks within three seconds of a look gets that one, so it is asked again.
    for (int i = 0; i < 200 && browser.await("main .summary").getText().equals(before); i++) {
      if (i % 40 == 0) {
        browser.press(Keys.ENTER);
      }
      Thread.sleep(100);
    }
    assertNotEquals(before, browser.await("main .summary", "canary found").getText());
    browser.await(".actions button.primary", "Look now");
    assertEquals("Look now", focusedText());
    assertEquals(true, browser.run(marked, "table.findings tr.proven"));
    browser.click("table.findings tr.proven a", "chan send");
    browser.await(".stack .frame.p");
    String called = String.valueOf(browser.await("main").getAttribute("aria-label"));
    assertTrue(called.startsWith("proven: chan send"), called);
    browser.run(mark, "main h1");
    browser.run(mark, ".stack .frame.p");
    String count = browser.await("main h1 .count").getText();
    for (int i = 0; i < 30 && browser.await("main h1 .count").getText().equals(count); i++) {
      browser.runAsync(
          "const done = arguments[arguments.length - 1];"
              + " fetch('leaks').then(r => r.text()).then(() => setTimeout(done, 1000))");
    }
    assertNotEquals(count, browser.await("main h1 .count").getText());
    assertEquals(true, browser.run(marked, "main h1"));
    assertEquals("h1", browser.focused().getTagName(), "the focus that it had when it was opened");
    assertEquals(true, browser.run(marked, ".stack .frame.p"));

    view("flame");
    browser.await(".captures tbody tr", "goroutine");
    focus("form.filters button.primary");
    int captures = browser.all(".captures tbody tr").size();
    browser.press(Keys.ENTER);
    for (int i = 0; i < 100 && browser.all(".captures tbody tr").size() == captures; i++) {
      Thread.sleep(100);
    }
    assertEquals("Take", focusedText());
    focus(".captures button[data-key^=base]");
    browser.press(Keys.ENTER);
    browser.await("#readout", "compared with");
    assertEquals("Compared with: stop", focusedText());

    view("timeline");
    browser.click("form.filters select option[value='0.2']");
    focus("form.filters button.primary");
    browser.press(Keys.ENTER);
    browser.await("table.busiest tbody tr", "customers");
    browser.await("form.filters button.primary", "Record");
    assertEquals("Record", focusedText());
  }

  @Test
  void arrow_keys_say_where_they_lead_to() {
    view("flame");
    browser.await(".canvas.flame canvas");
    focus(".canvas.flame");
    browser.await("#readout", "calls ");
    assertTrue(active().startsWith("treeitem: all: "), active());
    browser.press(Keys.ARROW_UP);
    browser.await("#readout", "nothing calls it");
    assertTrue(active().endsWith("nothing calls it"), active());
    browser.press(Keys.ARROW_DOWN);
    browser.await("#readout", "calls ");
    assertEquals("treeitem: " + browser.await("#readout").getText(), active());

    view("timeline");
    browser.click("form.filters select option[value='0.2']");
    browser.click("form.filters button.primary", "Record");
    browser.await("table.busiest tbody tr", "customers");
    focus("main .canvas");
    browser.press(Keys.ARROW_RIGHT);
    browser.await("#slice", "P 0: ");
    browser.press(Keys.ARROW_RIGHT); // in the same lane still
    browser.await("#slice", "ran for");
    assertFalse(browser.await("#slice").getText().startsWith("P 0"));
    assertEquals("option: " + browser.await("#slice").getText(), active());
    browser.press("+");
    assertTrue(active().endsWith(" shown"), active());
  }

  /** What a screen reader finds in the drawing that has the focus. */
  private static String active() {
    return String.valueOf(
        browser.run(
            "const e ="
                + " document.getElementById(document.activeElement.getAttribute('aria-activedescendant'));"
                + " return e === null ? 'nothing' : e.role + ': ' + e.textContent"));
  }

  private static String heard() {
    return String.valueOf(browser.run("return document.getElementById('announce').textContent"));
  }

  private static final List<String> BAR =
      List.of(
          "Overview",
          "Leaks",
          "Goroutines",
          "Flame graphs",
          "Scheduler",
          "Growth",
          "Timeline",
          "/debug/pprof/",
          "Keys",
          "Theme: system",
          "Pause");

  /** Where the keyboard leads to in each view, in that order; there may be more between. */
  private static final Map<String, List<String>> REACHED =
      Map.of(
          "overview",
          List.of("Goroutines", "Proven leaked", "Findings", "As numbers"),
          "leaks",
          List.of("Keep looking", "Look now", "chan send"),
          "goroutines",
          List.of("Search", "Waits for", "Rows", "proven leaked", "keep fresh", "Refresh", "Count"),
          "flame",
          List.of("Profile", "Take", "Search functions", "Show the whole", "goroutine, goroutine"),
          "scheduler",
          List.of("As numbers", "Measure for 1 s"),
          "growth",
          List.of("Search", "only what only grows", "As numbers"),
          "timeline",
          List.of(
              "For how long",
              "Record",
              "Show the last seconds",
              "Lanes",
              "Closer",
              "Further",
              "Show the whole"));

  @Test
  void tab_leads_through_each_view_in_the_order_in_which_it_is_read() {
    for (String view : VIEWS) {
      view(view);
      browser.await("#status", "live");
      fill(view);
      browser.run(WALK);
      boolean round = false;
      for (int i = 0; i < 30 && !round; i++) {
        browser.tab(10);
        round = Boolean.TRUE.equals(browser.run("return walk.round"));
      }
      assertTrue(round, () -> view + ": " + browser.run("return walk.met"));
      assertEquals(List.of(), browser.run("return walk.back"), view);
      List<String> met =
          ((List<?>) Objects.requireNonNull(browser.run("return walk.met")))
              .stream().map(String::valueOf).toList();
      List<String> wanted = new ArrayList<>(List.of("Skip", "Selvage"));
      wanted.addAll(BAR);
      wanted.addAll(Objects.requireNonNull(REACHED.get(view)));
      List<String> wrong = new ArrayList<>();
      inOrder(view, wanted, met, wrong);
      assertEquals(List.of(), wrong);
    }
  }

  /**
   * Notes what gets the focus from the first thing on the page until that has it again, and what of
   * it stands before the one that had it. What a view has put in place of another meanwhile is not
   * compared.
   */
  private static final String WALK =
      """
      const name = e => (e.ariaLabel || e.labels?.[0]?.textContent || e.textContent).trim();
      const first = document.getElementById('skip');
      const walk = window.walk = {met: [], back: [], round: false};
      let before = null;
      document.addEventListener('focusin', ({target}) => {
        if (walk.round) {
          return;
        }
        if (target === first && before !== null) {
          walk.round = true;
          return;
        }
        if (before?.isConnected && !(before.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_FOLLOWING)) {
          walk.back.push(name(target));
        }
        before = target;
        walk.met.push(name(target));
      });
      first.focus();
      """;

  @Test
  void dark_and_light_as_the_system_or_as_chosen_and_readable_in_both() throws Exception {
    for (String scheme : List.of("dark", "light")) {
      browser.prefers("prefers-color-scheme", scheme);
      for (String view : VIEWS) {
        view(view);
        browser.await("#status", "live");
        Object contrast = browser.run(CONTRAST);
        assertTrue(
            contrast instanceof Number n && n.doubleValue() >= 4.5,
            view + " " + scheme + ": " + contrast);
      }
      picture("system-" + scheme);
    }
    Object light = background();
    browser.press("t");
    assertEquals(light, background(), "light, now by choice");
    browser.press("t");
    assertNotEquals(light, background());
    browser.await("#theme", "dark");
    browser.open(page + "#/overview");
    browser.await("#theme", "dark");
    assertNotEquals(light, background(), "kept");
    browser.press("t");
    browser.await("#theme", "system");
    browser.prefers("prefers-color-scheme", "");
  }

  private static @Nullable Object background() {
    return browser.run("return getComputedStyle(document.body).backgroundColor");
  }

  /** The least contrast of a text of the page with what is behind it, by WCAG's formula. */
  private static final String CONTRAST =
      """
      const rgb = c => c.match(/[\\d.]+/g).map(Number);
      const part = v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
      const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
      const behind = e => {
        for (let x = e; x; x = x.parentElement) {
          const c = rgb(getComputedStyle(x).backgroundColor);
          if (c.length < 4 || c[3] === 1) return c;
        }
        return [255, 255, 255];
      };
      let least = 21;
      for (const e of document.querySelectorAll('main h1, main h2, main p, main td, main th, main dd, main dt, main a, main button, main li, .bar p, .side a')) {
        if (e.checkVisibility() && e.textContent.trim() !== '' && !e.disabled && e.ariaDisabled !== 'true') {
          const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
          least = Math.min(least, (a + 0.05) / (b + 0.05));
        }
      }
      return least;
      """;

  @Test
  void a_narrow_screen_scrolls_in_one_direction_only() throws Exception {
    browser.size(500, 900); // as narrow as a window of Chromium may be
    for (String view : VIEWS) {
      view(view);
      browser.await("#status", "live");
      Object wider =
          browser.run(
              "return document.documentElement.scrollWidth - document.documentElement.clientWidth");
      assertEquals(0L, wider, view);
    }
    view("overview");
    browser.await(".chart .plot canvas");
    picture("narrow");
  }

  @Test
  void everything_comes_from_the_server_that_is_looked_at() {
    view("overview");
    browser.await(".chart .plot canvas");
    Object foreign =
        browser.run(
            "return performance.getEntriesByType('resource').map(e => e.name)"
                + ".filter(name => !name.startsWith(location.origin + '/debug/selvage/'))");
    assertEquals(List.of(), foreign);
  }
}
