package dev.selvage.diagnostics.text;

/** Text in HTML. A pure function. */
public final class Html {
  private Html() {}

  /** As text, or as the value of an attribute in either quotes: nothing of it is markup. */
  public static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;");
  }
}
