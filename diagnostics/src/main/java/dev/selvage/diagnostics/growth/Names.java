package dev.selvage.diagnostics.growth;

/** Whose class is it, and what is it called in a report. Static functions, no state. */
final class Names {

  private Names() {}

  /** Whether the JDK brought the class. */
  static boolean isJdk(Class<?> type) {
    ClassLoader loader = type.getClassLoader();
    return loader == null || loader == ClassLoader.getPlatformClassLoader() || jdkModule(type);
  }

  private static boolean jdkModule(Class<?> type) {
    Module module = type.getModule();
    return module.isNamed()
        && (module.getName().startsWith("java.") || module.getName().startsWith("jdk."));
  }

  /**
   * The binary name, without what differs from run to run: {@code com.acme.Foo$$Lambda} for any
   * lambda of that class.
   */
  static String of(Class<?> type) {
    return stable(type.getName());
  }

  static String stable(String className) {
    int cut = className.indexOf("$$Lambda");
    if (cut >= 0) {
      return className.substring(0, cut) + "$$Lambda";
    }
    int hidden = className.indexOf('/');
    return hidden < 0 ? className : className.substring(0, hidden);
  }

  /** The class whose source has the lambda; any other class itself. */
  static String definer(Class<?> type) {
    String name = of(type);
    return name.endsWith("$$Lambda")
        ? name.substring(0, name.length() - "$$Lambda".length())
        : name;
  }

  static String packageOf(String className) {
    int dot = className.lastIndexOf('.');
    return dot < 0 ? "" : className.substring(0, dot);
  }

  /**
   * The first two parts of the package: classes that share them are taken to be written by the same
   * people.
   */
  static String family(String className) {
    String name = packageOf(className);
    int first = name.indexOf('.');
    int second = first < 0 ? -1 : name.indexOf('.', first + 1);
    return second < 0 ? name : name.substring(0, second);
  }
}
