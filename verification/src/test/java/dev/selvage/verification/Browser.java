package dev.selvage.verification;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.ElementNotInteractableException;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.WindowType;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogType;

/** Chromium without a window, driven as a user does: what is on the page, keys, and the mouse. */
final class Browser implements AutoCloseable {
  private static final List<Path> BROWSERS =
      List.of(Path.of("/usr/bin/chromium"), Path.of("/usr/bin/google-chrome"));
  private static final Path DRIVER = Path.of("/usr/bin/chromedriver");

  private final ChromeDriver driver;

  private Browser(ChromeDriver driver) {
    this.driver = driver;
  }

  /** Starts one; skips the test, and says so, where there is none. */
  static Browser start(Path profile) {
    Optional<Path> binary = BROWSERS.stream().filter(Files::isExecutable).findFirst();
    Assumptions.assumeTrue(
        binary.isPresent() && Files.isExecutable(DRIVER),
        "the live page was not looked at: there is no Chromium with its driver here");
    ChromeOptions options = new ChromeOptions();
    options.setBinary(binary.orElseThrow().toFile());
    options.addArguments(
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--user-data-dir=" + profile,
        "--window-size=1280,900");
    options.setCapability("goog:loggingPrefs", Map.of(LogType.BROWSER, "ALL"));
    // Both are named, so that nothing is looked for, and nothing is downloaded.
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(DRIVER.toFile())
            .withEnvironment(Map.of("SE_OFFLINE", "true"))
            .build();
    return new Browser(new ChromeDriver(service, options));
  }

  void open(String address) {
    driver.get(address);
  }

  /** Opens another tab, which is in front from then on; gives what {@link #show} takes. */
  String openTab(String address) {
    driver.switchTo().newWindow(WindowType.TAB);
    driver.get(address);
    return driver.getWindowHandle();
  }

  String currentTab() {
    return driver.getWindowHandle();
  }

  /** Brings a tab to the front. */
  void show(String tab) {
    driver.switchTo().window(tab);
    driver.executeCdpCommand("Page.bringToFront", Map.of());
  }

  /** Closes the tab in front; another is to be shown next. */
  void closeTab() {
    driver.close();
  }

  String address() {
    return String.valueOf(driver.getCurrentUrl());
  }

  String title() {
    return String.valueOf(driver.getTitle());
  }

  WebElement await(String selector) {
    return await(selector, "");
  }

  /** Waits for an element that is seen and has the text in it. */
  WebElement await(String selector, String text) {
    return until(
        "no " + selector + " with '" + text + "'",
        () ->
            all(selector).stream()
                .filter(e -> e.isDisplayed() && e.getText().contains(text))
                .findFirst());
  }

  /** Waits until what an element says is something else. */
  void awaitOther(String selector, String text) {
    until(
        selector + " still says '" + text + "'",
        () -> all(selector).stream().filter(e -> !e.getText().equals(text)).findFirst());
  }

  void awaitGone(String selector) {
    until(
        selector + " stays", () -> all(selector).isEmpty() ? Optional.of(true) : Optional.empty());
  }

  /** Tries until there is something; what the page has replaced meanwhile is looked for anew. */
  private <T> T until(String otherwise, Supplier<Optional<T>> found) {
    long end = System.nanoTime() + Target.PATIENCE.toNanos();
    while (true) {
      try {
        Optional<T> it = found.get();
        if (it.isPresent()) {
          return it.get();
        }
      } catch (StaleElementReferenceException | ElementNotInteractableException e) {
        // Replaced, or covered by what is just being replaced.
      }
      if (System.nanoTime() > end) {
        throw new AssertionError(otherwise + " in: " + main());
      }
      LockSupport.parkNanos(100_000_000);
    }
  }

  String main() {
    return driver.findElement(By.tagName("main")).getText();
  }

  List<WebElement> all(String selector) {
    return driver.findElements(By.cssSelector(selector));
  }

  void click(String selector) {
    click(selector, "");
  }

  void click(String selector, String text) {
    until(
        selector + " cannot be clicked",
        () -> {
          await(selector, text).click();
          return Optional.of(true);
        });
  }

  /** Types at whatever has the focus. */
  void press(CharSequence... keys) {
    new Actions(driver).sendKeys(keys).perform();
  }

  void tab() {
    press(Keys.TAB);
  }

  /** The same several times. */
  void tab(int times) {
    press(Collections.nCopies(times, Keys.TAB).toArray(CharSequence[]::new));
  }

  WebElement focused() {
    return driver.switchTo().activeElement();
  }

  @Nullable Object run(String script, Object... arguments) {
    return driver.executeScript(script, arguments);
  }

  /** Runs a script that calls its last argument when it is done, with what is returned. */
  @Nullable Object runAsync(String script, Object... arguments) {
    return driver.executeAsyncScript(script, arguments);
  }

  /**
   * What assistive technology is told of one thing on the page.
   *
   * @param live how news in it are said: empty, polite or assertive
   * @param text all that is written in it
   */
  record Told(String role, String name, String live, boolean focusable, int level, String text) {
    /** Such as {@code heading 2: Stack}, or {@code status (polite): live}. */
    @Override
    public String toString() {
      return role
          + (level > 0 ? " " + level : "")
          + (live.isEmpty() ? "" : " (" + live + ")")
          + ": "
          + (name.isEmpty() ? text : name);
    }
  }

  /** The accessibility tree as the browser has made it, in the order in which it is read. */
  List<Told> told() {
    Map<String, Object> answer = driver.executeCdpCommand("Accessibility.getFullAXTree", Map.of());
    Map<String, Map<?, ?>> nodes = new LinkedHashMap<>();
    for (Object node : (List<?>) Objects.requireNonNull(answer.get("nodes"))) {
      Map<?, ?> map = (Map<?, ?>) node;
      nodes.put(String.valueOf(map.get("nodeId")), map);
    }
    List<Told> all = new ArrayList<>();
    read(nodes, nodes.values().iterator().next(), all);
    return all;
  }

  /** Adds what is at and below a node; what is written there. */
  private static String read(Map<String, Map<?, ?>> nodes, Map<?, ?> node, List<Told> all) {
    String role = value(node.get("role"));
    String name = value(node.get("name"));
    int at = all.size();
    StringBuilder text = new StringBuilder(role.equals("StaticText") ? name : "");
    if (node.get("childIds") instanceof List<?> children) {
      for (Object child : children) {
        Map<?, ?> below = nodes.get(String.valueOf(child));
        if (below != null) {
          text.append(read(nodes, below, all));
        }
      }
    }
    // The boxes of a text are the browser's own business.
    if (!Boolean.TRUE.equals(node.get("ignored")) && !role.equals("InlineTextBox")) {
      Map<String, String> properties = new LinkedHashMap<>();
      if (node.get("properties") instanceof List<?> list) {
        for (Object each : list) {
          Map<?, ?> property = (Map<?, ?>) each;
          properties.put(String.valueOf(property.get("name")), value(property.get("value")));
        }
      }
      String live = properties.getOrDefault("live", "off");
      all.add(
          at,
          new Told(
              role,
              name,
              live.equals("off") ? "" : live,
              "true".equals(properties.get("focusable")),
              role.equals("heading") ? Integer.parseInt(properties.getOrDefault("level", "0")) : 0,
              text.toString()));
    }
    return text.toString();
  }

  private static String value(@Nullable Object property) {
    return property instanceof Map<?, ?> map && map.get("value") != null
        ? String.valueOf(map.get("value"))
        : "";
  }

  void size(int width, int height) {
    driver.manage().window().setSize(new Dimension(width, height));
  }

  /** As a browser that is asked for dark pages, or for pages that do not move. */
  void prefers(String feature, String value) {
    driver.executeCdpCommand(
        "Emulation.setEmulatedMedia",
        Map.of("features", List.of(Map.of("name", feature, "value", value))));
  }

  /** What the browser complains of: errors of scripts, refused resources, broken rules. */
  void assertNoComplaints() {
    assertEquals(
        List.of(),
        driver.manage().logs().get(LogType.BROWSER).getAll().stream()
            .map(Object::toString)
            .filter(entry -> entry.contains("[SEVERE]") || entry.contains("[WARNING]"))
            .toList());
  }

  void picture(Path file) throws IOException {
    Files.createDirectories(file.getParent());
    Files.write(file, driver.getScreenshotAs(OutputType.BYTES));
  }

  @Override
  public void close() {
    driver.quit();
  }
}
