package dev.selvage.http.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The files of the page. */
final class AssetsTests {
  private static final Pattern IMPORT = Pattern.compile("import[^;]*? from '([^']+)'");
  private static final Pattern LINKED = Pattern.compile("(?:src|href)=\"page/([^\"]+)\"");

  private static String text(String name) {
    Assets.Asset asset = Assets.find(name);
    assertNotNull(asset, name);
    return new String(asset.bytes(), StandardCharsets.UTF_8);
  }

  /** All that the page loads, by following what it names. */
  private static Set<String> loaded() {
    Set<String> all = new TreeSet<>();
    Deque<String> open = new ArrayDeque<>();
    Matcher linked = LINKED.matcher(text("index.html"));
    while (linked.find()) {
      open.add(linked.group(1));
    }
    while (!open.isEmpty()) {
      String name = open.remove();
      if (all.add(name) && name.endsWith(".js") && !name.startsWith("lib/")) {
        Matcher imported = IMPORT.matcher(text(name));
        while (imported.find()) {
          String folder = name.contains("/") ? name.substring(0, name.indexOf('/') + 1) : "";
          String to = imported.group(1);
          open.add(to.startsWith("../") ? to.substring(3) : folder + to.substring(2));
        }
      }
    }
    return all;
  }

  @Test
  @DisplayName("whatever the page names is there, with its type, and the library with its licence")
  void complete() {
    Set<String> loaded = loaded();
    assertTrue(loaded.size() > 15, loaded.toString());
    assertTrue(loaded.contains("views/timeline.js"), loaded.toString());
    assertTrue(loaded.contains("lib/uPlot.esm.js"), loaded.toString());
    for (String name : loaded) {
      Assets.Asset asset = Assets.find(name);
      assertNotNull(asset, name);
      assertTrue(asset.bytes().length > 0, name);
      assertFalse(asset.type().isEmpty(), name);
    }
    assertTrue(text("lib/uPlot.license.txt").contains("MIT License"));
  }

  @Test
  @DisplayName("there is no script or style in the page, and nothing parses markup or text as code")
  void harmless() {
    String page = text("index.html");
    assertFalse(Pattern.compile("<script(?![^>]*\\bsrc=)").matcher(page).find(), page);
    assertFalse(Pattern.compile("<style|\\sstyle=|\\son[a-z]+=").matcher(page).find(), page);
    for (String name : loaded()) {
      if (name.endsWith(".js") && !name.startsWith("lib/")) {
        for (String no :
            List.of(
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "document.write",
                "eval(",
                "new Function",
                "DOMParser",
                "srcdoc",
                "http://",
                "https://")) {
          boolean namespace = no.equals("http://") && name.equals("dom.js");
          assertFalse(!namespace && text(name).contains(no), name + " has " + no);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "../Assets.class",
        "..",
        "lib/../index.html",
        "lib/uPlot.esm.js/",
        "nothing.js",
        "Assets.class",
        "/etc/passwd",
        "views//leaks.js",
        "a/b/c.js",
        "index.html\0.js",
        "%2e%2e/x.js"
      })
  @DisplayName("what is no file of the page is not there")
  void none(String name) {
    assertNull(Assets.find(name));
  }

  @Test
  @DisplayName("a tag stays for as long as the file does, and differs between files")
  void tagged() {
    Assets.Asset one = Assets.find("app.js");
    Assets.Asset other = Assets.find("dom.js");
    assertNotNull(one);
    assertNotNull(other);
    Assets.Asset again = Assets.find("app.js");
    assertNotNull(again);
    assertEquals(one.tag(), again.tag());
    assertFalse(one.tag().equals(other.tag()));
    assertTrue(one.tag().startsWith("\"") && one.tag().endsWith("\""), one.tag());
  }
}
