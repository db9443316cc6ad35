package dev.selvage.diagnostics.growth;

import java.lang.ref.WeakReference;
import java.util.IdentityHashMap;
import java.util.List;

/** Things of the program that are followed from sample to sample without keeping them alive. */
final class Followed {
  private Followed() {}

  /**
   * Drops those that are gone, and finds the others by what they follow, for as long as a sample.
   */
  static <T, F extends WeakReference<T>> IdentityHashMap<T, F> byReferent(List<F> followed) {
    followed.removeIf(each -> each.refersTo(null));
    IdentityHashMap<T, F> known = new IdentityHashMap<>();
    for (F each : followed) {
      T it = each.get();
      if (it != null) {
        known.put(it, each);
      }
    }
    return known;
  }
}
