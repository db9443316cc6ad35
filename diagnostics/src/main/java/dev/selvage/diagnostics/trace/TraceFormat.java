package dev.selvage.diagnostics.trace;

/** In which format a trace is written. */
public enum TraceFormat {
  /** Go's: for {@code go tool trace}, from Go 1.23 on. */
  GO,
  /** The JSON of Chrome's trace viewer: for ui.perfetto.dev. */
  PERFETTO
}
