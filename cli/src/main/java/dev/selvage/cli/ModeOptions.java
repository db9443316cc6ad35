package dev.selvage.cli;

import dev.selvage.diagnostics.Leaks.Mode;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options that choose how a proof asks the collector; at most one of them. */
final class ModeOptions {

  @Option(
      names = "--mode",
      paramLabel = "MODE",
      converter = ByName.class,
      completionCandidates = Names.class,
      description =
          "How to ask the collector: now (one full collection, at once) or concurrent (G1 only:"
              + " pauses of some milliseconds, leaks a few seconds old may need another look)."
              + " Default: now.")
  @Nullable Mode mode;

  @Option(
      names = "--reclaim",
      description =
          "For ZGC and Shenandoah, where nothing can be proven otherwise: leaked threads are found"
              + " by being removed. They are gone afterwards, and their finally blocks never run.")
  boolean reclaim;

  /** What was asked for; {@link Mode#NOW} where nothing was. */
  Mode chosen() {
    if (reclaim) {
      return Mode.RECLAIM;
    }
    return mode == null ? Mode.NOW : mode;
  }

  /** Reads a mode by the word for it. */
  static final class ByName implements ITypeConverter<Mode> {
    @Override
    public Mode convert(String text) {
      return switch (text) {
        case "now" -> Mode.NOW;
        case "concurrent" -> Mode.CONCURRENT;
        default ->
            throw new TypeConversionException(
                "'" + text + "' is not a mode: use now or concurrent, or --reclaim");
      };
    }
  }

  /** The words that complete. */
  static final class Names implements Iterable<String> {
    @Override
    public java.util.Iterator<String> iterator() {
      return List.of(Mode.NOW.text(), Mode.CONCURRENT.text()).iterator();
    }
  }
}
