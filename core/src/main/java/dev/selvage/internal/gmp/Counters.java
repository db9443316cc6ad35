package dev.selvage.internal.gmp;

import java.util.LinkedHashMap;
import java.util.Map;

/** What a P has counted; or several, together. */
public final class Counters {
  /** Goroutines that were run, each time. */
  public long runs;

  /** How often it took work from others. */
  public long steals;

  /** Goroutines it took from others. */
  public long stolen;

  /** Goroutines it took from the global queue. */
  public long globals;

  /** How often its ring was full, and half of it went to the global queue. */
  public long overflows;

  /** How often an M was woken for its runnext. */
  public long wakes;

  /** How often such an M came too late. */
  public long futile;

  /** How often it was taken from an M that did not come back. */
  public long handOffs;

  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("ticks", runs);
    map.put("steals", steals);
    map.put("stolen", stolen);
    map.put("fromGlobal", globals);
    map.put("overflows", overflows);
    map.put("wakes", wakes);
    map.put("wokenInVain", futile);
    map.put("takenAway", handOffs);
    return map;
  }

  void add(Processor p) {
    runs += p.runs;
    steals += p.steals;
    stolen += p.stolen;
    globals += p.globals;
    overflows += p.overflows;
    wakes += p.wakes;
    futile += p.futile;
    handOffs += p.handOffs;
  }

  void add(Counters other) {
    runs += other.runs;
    steals += other.steals;
    stolen += other.stolen;
    globals += other.globals;
    overflows += other.overflows;
    wakes += other.wakes;
    futile += other.futile;
    handOffs += other.handOffs;
  }
}
