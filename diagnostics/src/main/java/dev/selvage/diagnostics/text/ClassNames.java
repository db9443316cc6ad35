package dev.selvage.diagnostics.text;

/** Names of classes for people. Pure functions. */
public final class ClassNames {
  private ClassNames() {}

  /** The name of a class as in source code: {@code byte[]} for {@code [B}. */
  public static String readable(String name) {
    int dimensions = 0;
    while (dimensions < name.length() && name.charAt(dimensions) == '[') {
      dimensions++;
    }
    if (dimensions == 0) {
      return name;
    }
    String element = name.substring(dimensions);
    String readable =
        switch (element) {
          case "B" -> "byte";
          case "C" -> "char";
          case "D" -> "double";
          case "F" -> "float";
          case "I" -> "int";
          case "J" -> "long";
          case "S" -> "short";
          case "Z" -> "boolean";
          default ->
              element.startsWith("L") && element.endsWith(";")
                  ? element.substring(1, element.length() - 1)
                  : element;
        };
    return readable + "[]".repeat(dimensions);
  }
}
