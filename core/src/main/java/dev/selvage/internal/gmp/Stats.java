package dev.selvage.internal.gmp;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A picture of a scheduler. Its parts are of almost the same moment. */
public final class Stats {
  /** Of one P. */
  public record Proc(int id, boolean idle, int queued, Counters counters) {}

  public final int procs;
  public final int idle;
  public final int spinning;
  public final int machines;
  public final int spares;
  public final int global;
  public final long computing;
  public final long blocked;
  public final long inNative;
  public final long refused;
  public final List<Proc> all = new ArrayList<>();

  /** Of the Ps that were there before. */
  public final Counters others = new Counters();

  Stats(Gmp gmp, Sysmon sysmon) {
    gmp.lock.lock();
    try {
      procs = gmp.procs();
      machines = gmp.machines();
      spares = gmp.spares();
      Processor[] ps = gmp.all();
      for (int i = 0; i < ps.length; i++) {
        Processor p = ps[i];
        if (i < procs) {
          Counters counters = new Counters();
          counters.add(p);
          all.add(new Proc(p.id, p.isIdle(), p.length() + (p.hasNext() ? 1 : 0), counters));
        } else {
          others.add(p);
        }
      }
      others.add(gmp.retired);
    } finally {
      gmp.lock.unlock();
    }
    idle = Math.min(gmp.idle(), procs);
    spinning = Math.max(0, gmp.spinning());
    global = gmp.global.size();
    computing = sysmon.computing;
    blocked = sysmon.blocked;
    inNative = sysmon.inNative;
    refused = sysmon.refused;
  }

  /** In types of the JDK, as {@code Probe.scheduling} tells it. */
  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("gomaxprocs", procs);
    map.put("idle", idle);
    map.put("spinning", spinning);
    map.put("threads", machines);
    map.put("spare", spares);
    map.put("queued", global);
    Map<String, Object> handOffs = new LinkedHashMap<>();
    handOffs.put("computing", computing);
    handOffs.put("blocked", blocked);
    handOffs.put("inNative", inNative);
    handOffs.put("refused", refused);
    map.put("handOffs", handOffs);
    List<Map<String, Object>> processors = new ArrayList<>();
    for (Proc p : all) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("id", p.id());
      one.put("idle", p.idle());
      one.put("queued", p.queued());
      one.putAll(p.counters().toMap());
      processors.add(one);
    }
    map.put("processors", processors);
    map.put("retired", others.toMap());
    return map;
  }

  /** As Go's {@code schedtrace}. */
  public String line(long millis) {
    StringBuilder line = new StringBuilder();
    line.append("SCHED ").append(millis).append("ms: gomaxprocs=").append(procs);
    line.append(" idleprocs=").append(idle).append(" threads=").append(machines);
    line.append(" spinningthreads=").append(spinning).append(" needspinning=0 idlethreads=");
    line.append(idle + spares).append(" runqueue=").append(global).append(" [");
    for (Proc p : all) {
      line.append(' ').append(p.queued());
    }
    return line.append(" ]").toString();
  }
}
