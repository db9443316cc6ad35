package dev.selvage.examples.leaks;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Scenario 4 once more: a map whose keys are never found again.
 *
 * <p>The service remembers the price of each item, so the map should hold as many entries as there
 * are items. But its key class has neither {@code equals} nor {@code hashCode}: every key is equal
 * to itself only, every look-up misses, and every order adds an entry.
 *
 * <p>The fix: a record for a key.
 */
final class KeyWithoutEquals {
  private static final Map<ItemKey, Integer> PRICES = new ConcurrentHashMap<>();
  private static final Map<Item, Integer> PRICES_BY_RECORD = new ConcurrentHashMap<>();

  private KeyWithoutEquals() {}

  static final class Leaky implements Step {
    @Override
    public void serve(Order order) {
      PRICES.putIfAbsent(new ItemKey(order.item()), price(order)); // LEAK 4b
    }
  }

  static final class Fixed implements Step {
    @Override
    public void serve(Order order) {
      PRICES_BY_RECORD.putIfAbsent(new Item(order.item()), price(order));
    }
  }

  /** How many prices the leaky version keeps. */
  static int kept() {
    return PRICES.size();
  }

  /** How many prices the fixed version keeps. */
  static int keptByRecord() {
    return PRICES_BY_RECORD.size();
  }

  private static int price(Order order) {
    return 10 * order.item().length();
  }

  /** The flaw: no {@code equals}, no {@code hashCode}. */
  private static final class ItemKey {
    private final String item;

    ItemKey(String item) {
      this.item = item;
    }

    @Override
    public String toString() {
      return item;
    }
  }

  private record Item(String name) {}
}
