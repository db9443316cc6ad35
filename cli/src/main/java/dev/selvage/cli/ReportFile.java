package dev.selvage.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.selvage.diagnostics.Report;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** A report that somebody has kept in a file. */
final class ReportFile {
  private static final String HOW = ": selvage leaks --json FILE makes one";

  private ReportFile() {}

  /**
   * Reads it.
   *
   * @throws ParameterException in one line, when there is none
   */
  static Report read(CommandLine commandLine, String name) {
    String text;
    try {
      text = Files.readString(Path.of(name));
    } catch (CharacterCodingException _) {
      throw noReport(commandLine, name, "it is no text");
    } catch (IOException e) {
      throw unreadable(commandLine, name, CommandFailure.reason(e));
    } catch (InvalidPathException e) {
      throw unreadable(commandLine, name, e.getReason());
    }
    try {
      String schema = new JsonMapper().readTree(text).path("schema").asText();
      if (!schema.equals("selvage.leaks/1")) {
        throw noReport(
            commandLine,
            name,
            schema.isEmpty() ? "it has no schema" : "its schema is '" + schema + "'");
      }
      return ReportReader.read(text);
    } catch (JsonProcessingException _) {
      throw noReport(commandLine, name, "it is not JSON");
    } catch (CommandFailure e) {
      throw noReport(commandLine, name, String.valueOf(e.getMessage()));
    }
  }

  private static ParameterException unreadable(CommandLine commandLine, String name, String why) {
    return new ParameterException(commandLine, "cannot read " + name + " (" + why + ")" + HOW);
  }

  private static ParameterException noReport(CommandLine commandLine, String name, String why) {
    return new ParameterException(
        commandLine, name + " is no report of selvage.leaks/1, " + Amounts.harmless(why) + HOW);
  }
}
