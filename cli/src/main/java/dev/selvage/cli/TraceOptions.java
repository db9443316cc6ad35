package dev.selvage.cli;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** As what a trace is written, and where. */
final class TraceOptions {
  private static final String PERFETTO_UI = "https://ui.perfetto.dev";
  private static final String GO = "go";
  private static final int SIGN = 16;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      converter = FormatName.class,
      completionCandidates = FormatName.Names.class,
      description = "go, for go tool trace, or perfetto, for " + PERFETTO_UI + ". Default: go.")
  String format = GO;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "The file. Default: selvage-trace-PID.out (.json for perfetto) here.")
  @Nullable String output;

  boolean isGo() {
    return format.equals(GO);
  }

  /** Reads the name of a format. */
  static final class FormatName implements ITypeConverter<String> {
    private static final List<String> KNOWN = List.of(GO, "perfetto");

    @Override
    public String convert(String text) {
      if (!KNOWN.contains(text)) {
        throw new TypeConversionException("'" + text + "' is not a format: use go or perfetto");
      }
      return text;
    }

    /** The words that complete. */
    static final class Names implements Iterable<String> {
      @Override
      public Iterator<String> iterator() {
        return KNOWN.iterator();
      }
    }
  }

  /** The file that was named, which can be written; null where none was. */
  @Nullable OutputFile named() {
    return output == null ? null : OutputFile.of("-o", output);
  }

  /** The file that was named, or the usual one. */
  OutputFile file(@Nullable OutputFile named, String what, DebugSource source) {
    String end = isGo() ? ".out" : ".json";
    return named == null
        ? OutputFile.of("-o", "selvage-" + what + "-" + source.shortName() + end)
        : named;
  }

  /** Copies a trace into the file, and says what opens it. */
  void write(InputStream answer, OutputFile file, DebugSource source, Terminal terminal)
      throws IOException {
    var in = new BufferedInputStream(answer);
    in.mark(SIGN);
    String begins = new String(in.readNBytes(SIGN), StandardCharsets.ISO_8859_1).strip();
    in.reset();
    // In Perfetto's format there is white space first while it is recorded.
    boolean isTrace =
        isGo() ? begins.startsWith("go 1.") : begins.isEmpty() || begins.startsWith("{");
    if (!isTrace) {
      throw new CommandFailure(
          ExitCode.UNREACHABLE,
          source.name()
              + " answered with something that is no trace: is a Selvage debug server there?");
    }
    file.write(in);
    terminal.say(
        "the trace is in "
            + file
            + "; to look into it: "
            + (isGo() ? "go tool trace " + file : "open it at " + PERFETTO_UI));
  }
}
