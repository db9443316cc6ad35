/**
 * The {@code selvage} command: runs programs under the agent, attaches it, and shows what it saw.
 */
@org.jspecify.annotations.NullMarked
module dev.selvage.cli {
  requires static org.jspecify;
  requires dev.selvage.diagnostics;
  requires info.picocli;
  requires com.fasterxml.jackson.databind;
  requires java.net.http;
  requires jdk.attach;

  opens dev.selvage.cli to
      info.picocli;
}
