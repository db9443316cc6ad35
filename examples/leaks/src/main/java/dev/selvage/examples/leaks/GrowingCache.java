package dev.selvage.examples.leaks;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Scenario 4, the global map used as a cache: it only ever grows.
 *
 * <p>The service keeps a receipt per order in a static map, to show it again when asked. Nobody
 * takes one out. No thread blocks; the heap fills up over days.
 *
 * <p>The fix is a cache instead of a map. Weak values go when nobody uses the receipt any more, the
 * time to live ends those that somebody holds for too long, and the maximum size bounds it between
 * two expiries. {@link CacheFixes} compares the ways to do it.
 */
final class GrowingCache {
  private static final Map<Integer, Receipt> RECEIPTS = new ConcurrentHashMap<>();
  private static final Cache<Integer, Receipt> CACHED_RECEIPTS =
      Caffeine.newBuilder()
          .weakValues()
          .expireAfterWrite(Duration.ofMinutes(5))
          .maximumSize(20)
          .build();

  private GrowingCache() {}

  static final class Leaky implements Step {
    @Override
    public void serve(Order order) {
      RECEIPTS.put(order.id(), Receipt.of(order)); // LEAK 4
    }
  }

  static final class Fixed implements Step {
    @Override
    public void serve(Order order) {
      CACHED_RECEIPTS.put(order.id(), Receipt.of(order));
    }
  }

  /** How many receipts the leaky version keeps. */
  static int kept() {
    return RECEIPTS.size();
  }

  /** How many receipts the fixed version keeps, once what is due has gone. */
  static long cached() {
    CACHED_RECEIPTS.cleanUp();
    return CACHED_RECEIPTS.estimatedSize();
  }

  /**
   * What the customer sees again on request; a class, so that it has an identity to hold weakly.
   */
  private static final class Receipt {
    private final String text;

    private Receipt(String text) {
      this.text = text;
    }

    static Receipt of(Order order) {
      return new Receipt("order " + order.id() + ": one " + order.item());
    }

    @Override
    public String toString() {
      return text;
    }
  }
}
