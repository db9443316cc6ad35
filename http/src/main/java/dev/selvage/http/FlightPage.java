package dev.selvage.http;

import dev.selvage.diagnostics.trace.FlightRecorder;
import dev.selvage.diagnostics.trace.TraceFormat;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Map;
import java.util.function.Function;

/**
 * What the flight recorder holds, or without a format how it is. Reading changes nothing: the
 * recorder goes on.
 */
final class FlightPage {
  private static final String OFF =
      "the flight recorder does not run here: the agent's option flight-recorder=10s starts it,"
          + " FlightRecorder in the program, or selvage record PID --start";

  private FlightPage() {}

  /** Writes what a recorder holds. */
  private interface Writer {
    void write(FlightRecorder recorder, OutputStream out) throws IOException;
  }

  /**
   * Answers.
   *
   * @param format {@code status}, {@code go} or {@code perfetto}
   * @param head whether nobody reads the body
   */
  static Response answer(String format, boolean head) {
    TraceFormat as;
    switch (format) {
      case "status" -> {
        return Response.of(200, "application/json", FlightRecorder.status());
      }
      case "go" -> as = TraceFormat.GO;
      case "perfetto" -> as = TraceFormat.PERFETTO;
      default -> {
        return Response.error(400, "format must be go, perfetto or status");
      }
    }
    String name = as == TraceFormat.GO ? "flight.trace" : "flight.json";
    return answer(
        (recorder, out) -> recorder.writeTo(out, as),
        content -> Response.file(name, content),
        head);
  }

  /** What it holds, drawn. */
  static Response timeline(boolean head) {
    Map<String, String> json = Map.of("Content-Type", "application/json");
    return answer(FlightRecorder::writeTimeline, content -> new Response(200, json, content), head);
  }

  private static Response answer(
      Writer writer, Function<Response.Content, Response> answer, boolean head) {
    FlightRecorder recorder = FlightRecorder.current();
    if (recorder == null) {
      return Response.error(409, OFF);
    }
    if (head) {
      return answer.apply(Response.of(200, "", "").content());
    }
    // Not into the connection: a slow peer would keep the recorder from being written for others.
    Spool spool = new Spool();
    try {
      writer.write(recorder, spool);
      return answer.apply(spool);
    } catch (IllegalStateException e) {
      spool.close();
      return FlightRecorder.current() == recorder
          ? Response.error(503, "the flight recorder is being written for somebody else; try again")
          : Response.error(409, OFF);
    } catch (IOException | RuntimeException e) {
      spool.close();
      throw new IllegalStateException("the trace cannot be kept until it is sent: " + e, e);
    }
  }
}
