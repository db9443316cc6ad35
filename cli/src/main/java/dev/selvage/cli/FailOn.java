package dev.selvage.cli;

import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Report;
import java.util.List;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Which findings make a command end with {@link ExitCode#FINDINGS}. */
enum FailOn {
  /** Those that are certain: proven threads, and cycles of threads that wait for each other. */
  PROVEN,
  /** Suspicions too. */
  ANY;

  /** Reads one by the word for it. */
  static final class ByName implements ITypeConverter<FailOn> {
    @Override
    public FailOn convert(String text) {
      return switch (text) {
        case "proven" -> PROVEN;
        case "any" -> ANY;
        default ->
            throw new TypeConversionException("'" + text + "' is not a kind: use proven or any");
      };
    }
  }

  /** Whether the report has an open finding of this kind. */
  boolean isIn(Report report) {
    return !in(report).isEmpty();
  }

  /** The open findings of this kind. */
  List<Finding> in(Report report) {
    return report.findings().stream()
        .filter(finding -> finding.details().state() == Finding.State.OPEN)
        .filter(finding -> this == ANY || !(finding instanceof Finding.Suspected))
        .toList();
  }
}
