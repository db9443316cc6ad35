package dev.selvage.diagnostics.profile;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Writes one message in the protocol buffers wire format: of it what {@code profile.proto} needs,
 * which is varints, strings, nested messages and packed varints. Not thread-safe.
 */
final class ProtoWriter {
  private static final int VARINT = 0;
  private static final int LENGTH_DELIMITED = 2;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** An integer or boolean; zero is the default of proto3 and takes no room. */
  ProtoWriter number(int field, long value) {
    if (value != 0) {
      tag(field, VARINT);
      varint(value);
    }
    return this;
  }

  /** An element of a repeated string, or a string: written even when empty, for it has a place. */
  ProtoWriter string(int field, String value) {
    return bytes(field, value.getBytes(StandardCharsets.UTF_8));
  }

  ProtoWriter message(int field, ProtoWriter message) {
    return bytes(field, message.toByteArray());
  }

  /** Repeated integers in one run; none at all take no room. */
  ProtoWriter packed(int field, long... values) {
    if (values.length > 0) {
      ProtoWriter run = new ProtoWriter();
      for (long value : values) {
        run.varint(value);
      }
      bytes(field, run.toByteArray());
    }
    return this;
  }

  byte[] toByteArray() {
    return out.toByteArray();
  }

  private ProtoWriter bytes(int field, byte[] bytes) {
    tag(field, LENGTH_DELIMITED);
    varint(bytes.length);
    out.writeBytes(bytes);
    return this;
  }

  private void tag(int field, int wireType) {
    varint(((long) field << 3) | wireType);
  }

  /** Seven bits a byte, least first; a negative number takes ten bytes. */
  private void varint(long value) {
    long rest = value;
    while ((rest & ~0x7FL) != 0) {
      out.write((int) ((rest & 0x7F) | 0x80));
      rest >>>= 7;
    }
    out.write((int) rest);
  }
}
