package dev.selvage.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

final class PprofProfileTest {
  @Test
  void readsWhatTheProgramsWriterWrites() throws Exception {
    PprofProfile profile = PprofProfile.read(Profiles.shop());
    assertEquals(
        List.of(
            new PprofProfile.Type("samples", "count"), new PprofProfile.Type("cpu", "nanoseconds")),
        profile.types());
    assertEquals("cpu", profile.type().name());
    assertEquals(4_000_000_000L, profile.total());
    assertEquals(2, profile.samples().size());
    PprofProfile.Sample first = profile.samples().getFirst();
    assertEquals(
        new PprofProfile.Frame("com.acme.Order.quote", "com/acme/Order.java", 57),
        first.stack().getFirst());
    assertEquals("com.acme.Shop.main", first.stack().getLast().function());
    assertEquals(Map.of("tier", "gold"), profile.samples().get(1).labels());
  }

  @Test
  void readsItUncompressedToo() throws Exception {
    byte[] plain = new GZIPInputStream(new ByteArrayInputStream(Profiles.shop())).readAllBytes();
    assertEquals(PprofProfile.read(Profiles.shop()), PprofProfile.read(plain));
  }

  /** By hand: an unpacked stack of one place with an inlined call, and one without a function. */
  @Test
  void readsInlinedCallsUnpackedNumbersAndPlacesWithoutAName() throws Exception {
    byte[] file = {
      0x32,
      0,
      0x32,
      1,
      'n',
      0x32,
      1,
      'a',
      0x32,
      1,
      'b', // strings: "", n, a, b
      0x0a,
      4,
      8,
      1,
      16,
      1, // a value: n in n
      0x2a,
      4,
      8,
      1,
      16,
      2,
      0x2a,
      4,
      8,
      2,
      16,
      3, // functions 1 = a, 2 = b
      0x22,
      14,
      8,
      1,
      0x22,
      4,
      8,
      1,
      16,
      5,
      0x22,
      4,
      8,
      2,
      16,
      6, // place 1: a in b
      0x22,
      4,
      8,
      2,
      24,
      0x7f, // place 2: only an address
      0x12,
      6,
      8,
      1,
      8,
      2,
      16,
      9 // a sample: places 1 and 2, 9 of them
    };
    PprofProfile profile = PprofProfile.read(file);
    PprofProfile.Sample sample = profile.samples().getFirst();
    assertEquals(List.of(9L), sample.values());
    assertEquals(
        List.of("a", "b", "0x7f"),
        sample.stack().stream().map(PprofProfile.Frame::function).toList());
    assertEquals(6, sample.stack().get(1).line());
  }

  @Test
  void whatIsNoProfileIsToldAndNothingElseIsThrown() throws Exception {
    for (String text : List.of("", "<html>no</html>", "{\"schema\":\"selvage.leaks/1\"}")) {
      assertThrows(
          IOException.class, () -> PprofProfile.read(text.getBytes(StandardCharsets.UTF_8)), text);
    }
    byte[] whole = new GZIPInputStream(new ByteArrayInputStream(Profiles.shop())).readAllBytes();
    Random random = new Random(7);
    int refused = 0;
    for (int i = 0; i < 20_000; i++) {
      byte[] broken = Arrays.copyOf(whole, 1 + random.nextInt(whole.length));
      for (int n = random.nextInt(4); n >= 0; n--) {
        broken[random.nextInt(broken.length)] = (byte) random.nextInt();
      }
      try {
        PprofProfile.read(broken);
      } catch (IOException e) {
        refused++; // in words; anything else fails the test
      }
    }
    assertTrue(refused > 1_000, "most are broken: " + refused);
  }
}
