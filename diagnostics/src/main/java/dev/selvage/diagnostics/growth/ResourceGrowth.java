package dev.selvage.diagnostics.growth;

import dev.selvage.diagnostics.Finding;
import dev.selvage.diagnostics.Frames;
import dev.selvage.diagnostics.Growth;
import dev.selvage.diagnostics.Watch;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.WeakHashMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Suspects tickers, timers and contexts of Selvage's language that nobody stops: those of a place
 * whose number only grows, and tickers whose makers have ended while nobody receives. Asks the
 * probe ({@code dev.selvage.observe.Probe}) of every copy of the language in the JVM. One thread at
 * a time.
 */
final class ResourceGrowth implements Watch {
  /*
   * The probe is called by reflection, so that a copy of another version in another class loader is
   * read like our own; only JDK types cross. Nothing of the program loads the probe, so any class
   * of Selvage that is loaded is taken as the sign that its loader may have one. Classes and
   * loaders are held weakly.
   */
  private static final String PROBE = "dev.selvage.observe.Probe";

  /** The first protocol that has what is asked here; later ones have it, too. */
  private static final int SINCE = 1;

  /** Every so many samples classes are gone through even if their number is the same. */
  private static final int LOOK_ANYWAY = 10;

  private static final int MOST_SITES = 1_000;
  private static final int LEAST_TICKERS = 4;
  private static final int LEAST_CONTEXTS = 8;
  private static final int LEAST_TIMERS = 32;
  private static final int LEAST_ENDED = 2;
  private static final long OLD_TIMER_NANOS = 60_000_000_000L;

  private final Supplier<Class<?>[]> loadedClasses;
  private final LongSupplier nanos;
  private final Map<ClassLoader, WeakReference<Class<?>>> probes = new WeakHashMap<>();
  private final Map<Key, Site> sites = new LinkedHashMap<>();
  private int samples;
  private int lastCount = -1;
  private long failures;

  ResourceGrowth(Supplier<Class<?>[]> loadedClasses, LongSupplier nanos) {
    this.loadedClasses = loadedClasses;
    this.nanos = nanos;
  }

  private record Key(String kind, String site) {}

  /** All that was made at one place. The lists are of the newest sample. */
  private static final class Site {
    final Curve all = new Curve();
    final Curve ended = new Curve();
    final Set<String> creators = new LinkedHashSet<>();
    List<StackTraceElement> stack = List.of();
    final List<Long> ages = new ArrayList<>();

    /** How many are held by those that were made at each line. */
    final Map<String, Integer> holders = new TreeMap<>();

    int endedNow;
    int waitersNow;
    int everWaited;

    Map.@Nullable Entry<String, Integer> mostHolders() {
      return holders.entrySet().stream().max(Map.Entry.comparingByValue()).orElse(null);
    }

    long oldest() {
      return ages.stream().mapToLong(Long::longValue).max().orElse(0);
    }

    /**
     * Whether what was there in the middle of the time is there still: where things come and go, it
     * is not, however their number goes.
     */
    boolean stays() {
      long since = all.sinceMiddleNanos();
      long survivors = ages.stream().filter(age -> age >= since).count();
      return survivors * 10 >= all.middle() * 9;
    }
  }

  /** How many probes could not be read. */
  long failures() {
    return failures;
  }

  @Override
  public void sample() {
    for (Site site : sites.values()) {
      site.ages.clear();
      site.holders.clear();
      site.endedNow = 0;
      site.waitersNow = 0;
    }
    findProbes();
    Set<Class<?>> asked = new LinkedHashSet<>();
    for (WeakReference<Class<?>> reference : List.copyOf(probes.values())) {
      Class<?> probe = reference.get();
      if (probe != null && asked.add(probe)) {
        read(probe);
      }
    }
    long now = nanos.getAsLong();
    for (Site site : sites.values()) {
      site.all.add(now, site.ages.size());
      site.ended.add(now, site.endedNow);
      site.everWaited = Math.max(site.everWaited, site.waitersNow);
    }
    samples++;
  }

  private void findProbes() {
    Class<?>[] classes = loadedClasses.get();
    if (classes.length == lastCount && samples % LOOK_ANYWAY != 0) {
      return;
    }
    lastCount = classes.length;
    for (Class<?> type : classes) {
      ClassLoader loader = type.getClassLoader();
      if (loader != null && type.getName().startsWith("dev.selvage.")) {
        WeakReference<Class<?>> known = probes.get(loader);
        if (known == null || (known.get() == null && type.getName().equals(PROBE))) {
          probes.put(loader, new WeakReference<>(probe(loader)));
        }
      }
    }
  }

  private static @Nullable Class<?> probe(ClassLoader loader) {
    try {
      return Class.forName(PROBE, true, loader);
    } catch (ClassNotFoundException | LinkageError e) {
      // A loader with some class of ours but without the language: nothing to ask there.
      return null;
    }
  }

  private void read(Class<?> probe) {
    try {
      if (!(probe.getMethod("protocol").invoke(null) instanceof Integer version)
          || version < SINCE) {
        failures++;
        return;
      }
      if (probe.getMethod("resources").invoke(null) instanceof List<?> resources) {
        for (Object resource : resources) {
          if (resource instanceof Map<?, ?> map) {
            note(map);
          }
        }
      }
    } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
      // A copy of another age, or one whose loader was closed: the others are read all the same.
      failures++;
    }
  }

  private void note(Map<?, ?> map) {
    String kind = String.valueOf(map.get("kind"));
    Key key = new Key(kind, map.get("site") instanceof String site ? site : "");
    Site site = sites.get(key);
    if (site == null) {
      if (sites.size() >= MOST_SITES) {
        return;
      }
      site = new Site();
      sites.put(key, site);
    }
    site.ages.add(map.get("ageNanos") instanceof Long age ? age : 0L);
    site.endedNow += Boolean.TRUE.equals(map.get("creatorEnded")) ? 1 : 0;
    site.waitersNow += map.get("waiters") instanceof Integer waiters ? waiters : 0;
    if (map.get("heldBy") instanceof String holder) {
      site.holders.merge(holder, 1, Integer::sum);
    }
    if (site.creators.size() < 10 && map.get("creator") instanceof String creator) {
      site.creators.add(creator);
    }
    if (site.stack.isEmpty() && map.get("stack") instanceof List<?> stack) {
      site.stack =
          stack.stream()
              .filter(StackTraceElement.class::isInstance)
              .map(StackTraceElement.class::cast)
              .toList();
    }
  }

  @Override
  public List<Finding.Suspected> suspects() {
    if (samples < 2) {
      return List.of();
    }
    Map<Finding.Suspected, Integer> found = new HashMap<>();
    sites.forEach(
        (key, site) -> {
          boolean grows = grows(key.kind(), site);
          boolean abandoned = key.kind().equals("ticker") && abandoned(site);
          if (grows || abandoned) {
            found.put(finding(key, site, grows), site.ages.size());
          }
        });
    return found.entrySet().stream()
        .sorted(
            Map.Entry.<Finding.Suspected, Integer>comparingByValue(Comparator.reverseOrder())
                .thenComparing(e -> e.getKey().details().fingerprint()))
        .map(Map.Entry::getKey)
        .toList();
  }

  private static boolean grows(String kind, Site site) {
    return switch (kind) {
      case "ticker" -> site.all.onlyGrows(LEAST_TICKERS) && site.stays();
      case "context" -> site.all.onlyGrows(LEAST_CONTEXTS) && site.stays();
      // A timer ends by itself; only one that has long been there tells more than a busy minute.
      case "timer" ->
          site.all.onlyGrows(LEAST_TIMERS) && site.stays() && site.oldest() >= OLD_TIMER_NANOS;
      default -> false;
    };
  }

  /** Tickers that run on after their makers ended, and that nobody was ever seen to wait for. */
  private static boolean abandoned(Site site) {
    return site.all.samples() >= 2
        && site.endedNow >= LEAST_ENDED
        && site.endedNow == site.ages.size()
        && site.everWaited == 0
        && site.stays();
  }

  private Finding.Suspected finding(Key key, Site site, boolean grows) {
    String kind = key.kind();
    int count = site.ages.size();
    Map<String, Object> evidence = new LinkedHashMap<>();
    evidence.put(kind.equals("context") ? "uncancelled" : "running", count);
    evidence.put("creatorEnded", site.endedNow);
    evidence.put("waiters", site.waitersNow);
    evidence.put("grewBy", site.all.last() - site.all.first());
    evidence.put("seconds", Math.round(site.all.seconds() * 10) / 10.0);
    evidence.put("perSecond", site.all.perSecond());
    evidence.put("sizes", site.all.text(12));
    evidence.put("oldestSeconds", site.oldest() / 1_000_000_000L);
    Map.Entry<String, Integer> holder = site.mostHolders();
    if (holder != null) {
      evidence.put("heldBy", holder.getKey());
      evidence.put("held", holder.getValue());
    }
    String what =
        kind.equals("context")
            ? "contexts made here that nobody cancelled"
            : kind + "s made here that nobody stopped";
    String because =
        grows
            ? "the "
                + what
                + " only grew in number, from "
                + site.all.first()
                + " to "
                + count
                + " in "
                + evidence.get("seconds")
                + " s"
            : count + " " + what + " still run";
    if (site.endedNow > 0) {
      because +=
          ", and the threads that made "
              + (site.endedNow == count ? "them" : site.endedNow + " of them")
              + " have ended";
    }
    if (holder != null) {
      because +=
          "; "
              + (holder.getValue() == count ? "all" : holder.getValue())
              + " are children of what is made at "
              + holder.getKey()
              + " and is not cancelled either, which keeps them";
    }
    String site0 = key.site().isEmpty() ? null : key.site();
    return new Finding.Suspected(
        new Finding.Details(
            Finding.State.OPEN,
            kind + " growth",
            count,
            site0,
            Frames.entry(site.stack),
            OptionalLong.of(site.oldest() / 1_000_000_000L),
            OptionalLong.empty(),
            List.copyOf(site.creators),
            site.stack,
            Frames.fingerprint(kind + " growth", site0, site.stack),
            null,
            evidence,
            because,
            suggestion(kind)));
  }

  private static String suggestion(String kind) {
    return switch (kind) {
      case "ticker" ->
          "stop it where its user ends: try (var tick = Ticker.every(…)) { … }, and leave the loop"
              + " on ctx.done()";
      case "context" ->
          "cancel it where its work ends: try (var ctx = parent.withCancel()) { … }, or give it a"
              + " timeout";
      default -> "stop it when what it was to limit has happened";
    };
  }

  @Override
  public List<Growth> growth() {
    List<Growth> all = new ArrayList<>();
    sites.forEach(
        (key, site) ->
            all.add(
                new Growth(
                    key.kind(),
                    key.site().isEmpty() ? "?" : key.site(),
                    key.site().isEmpty() ? null : key.site(),
                    grows(key.kind(), site),
                    site.all.points())));
    return all;
  }
}
