package dev.selvage.cli;

import dev.selvage.diagnostics.Report;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Compares two reports: did the fix work, did the change bring a leak. */
@Command(
    name = "diff",
    description = "Compares two leak reports: what is new, has grown, is gone.",
    mixinStandardHelpOptions = true,
    versionProvider = Selvage.Version.class,
    footer = {
      "",
      "Findings are the same when their fingerprints are, in whatever run. Examples:",
      "  selvage leaks 4711 --json before.json",
      "  selvage diff before.json after.json --fail-on new"
    })
final class DiffCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Spec
  @SuppressWarnings("NullAway.Init") // Set by picocli before anything is run.
  private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "A.json", description = "The report before.")
  @SuppressWarnings("NullAway.Init") // Set by picocli before anything is run.
  private String before;

  @Parameters(index = "1", paramLabel = "B.json", description = "The report after.")
  @SuppressWarnings("NullAway.Init") // Set by picocli before anything is run.
  private String after;

  @Option(names = "--json", description = "Print JSON (selvage.diff/1) instead of text.")
  private boolean json;

  @Option(
      names = "--fail-on",
      paramLabel = "KIND",
      converter = Kind.ByName.class,
      description = "new: end with 1 when B has findings that A has not.")
  private @Nullable Kind failOn;

  DiffCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /** What may make it fail. */
  private enum Kind {
    NEW;

    /** Reads the one that there is. */
    static final class ByName implements ITypeConverter<Kind> {
      @Override
      public Kind convert(String text) {
        if (text.equals("new")) {
          return NEW;
        }
        throw new TypeConversionException("'" + text + "' is not a kind: use new");
      }
    }
  }

  @Override
  public Integer call() {
    Report a = ReportFile.read(spec.commandLine(), before);
    Report b = ReportFile.read(spec.commandLine(), after);
    ReportDiff diff = ReportDiff.of(a, b);
    terminal.out().print(json ? diff.json() : diff.text());
    terminal.out().flush();
    if (!a.proof().complete()) {
      terminal.say("the proof in " + before + " is not complete: what is new may not be new");
    }
    if (failOn == Kind.NEW && diff.hasNew()) {
      return ExitCode.FINDINGS;
    }
    if (!b.proof().complete()) {
      terminal.say("the proof in " + after + " is not complete: what is gone may not be gone");
      return ExitCode.INCOMPLETE;
    }
    return ExitCode.DONE;
  }
}
