package dev.selvage.http;

/**
 * Serves the debug endpoints on the loopback interface: the JVM's {@code import _
 * "net/http/pprof"}.
 */
public final class DebugServer implements AutoCloseable {
  private DebugServer() {}

  @Override
  public void close() {}
}
