package dev.selvage.cli;

import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Report;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;

/**
 * What a report of the demo must tell: for each scenario, a finding in one of the classes that leak
 * there. The demo's jar lists them.
 *
 * @param classes the names of the leaking classes, by scenario
 */
record Expectations(Map<String, Set<String>> classes) {
  private static final String PACKAGE = "dev.selvage.examples.leaks";
  private static final String LIST = PACKAGE.replace('.', '/') + "/expected.txt";

  /** Those of the demo in that jar. */
  static Expectations of(Path examplesJar) {
    try (var jar = new JarFile(examplesJar.toFile())) {
      ZipEntry entry = jar.getEntry(LIST);
      if (entry == null) {
        throw broken(examplesJar, "it has no " + LIST);
      }
      try (InputStream in = jar.getInputStream(entry)) {
        return parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
      }
    } catch (IOException e) {
      throw broken(examplesJar, CommandFailure.reason(e));
    }
  }

  /** Lines of scenario, tab, class, and perhaps more; lines that start with # say nothing. */
  static Expectations parse(String list) {
    Map<String, Set<String>> classes = new LinkedHashMap<>();
    for (String line : list.lines().toList()) {
      String[] columns = line.split("\t", -1);
      if (columns.length < 2 || line.startsWith("#")) {
        continue;
      }
      String name = columns[1].strip();
      classes
          .computeIfAbsent(columns[0].strip(), _ -> new LinkedHashSet<>())
          .add(name.contains(".") ? name : PACKAGE + "." + name);
    }
    return new Expectations(classes);
  }

  /** The scenarios that no open finding of the report is about. */
  List<String> missingIn(Report report) {
    List<String> told =
        report.findings().stream()
            .filter(finding -> finding.details().state() == Finding.State.OPEN)
            .flatMap(Expectations::told)
            .toList();
    return classes.entrySet().stream()
        .filter(scenario -> scenario.getValue().stream().noneMatch(name -> isIn(told, name)))
        .map(Map.Entry::getKey)
        .toList();
  }

  /** The texts of a finding that name its place. */
  private static Stream<String> told(Finding finding) {
    Finding.Details details = finding.details();
    Stream<String> place =
        details.site() != null
            ? Stream.of(details.site())
            : details.stack().stream().map(StackTraceElement::getClassName);
    Stream<String> evidence =
        details.evidence().values().stream()
            .flatMap(v -> v instanceof Collection<?> list ? list.stream() : Stream.of(v))
            .map(String::valueOf);
    return Stream.of(place, evidence, details.names().stream()).flatMap(s -> s);
  }

  private static boolean isIn(List<String> texts, String className) {
    Pattern whole = Pattern.compile("(?<![\\w.$])" + Pattern.quote(className) + "(?!\\w)");
    return texts.stream().anyMatch(text -> whole.matcher(text).find());
  }

  private static CommandFailure broken(Path jar, String why) {
    return new CommandFailure(ExitCode.INCOMPLETE, "the demo cannot be used, " + jar + ": " + why);
  }
}
