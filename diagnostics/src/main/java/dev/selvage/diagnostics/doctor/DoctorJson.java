package dev.selvage.diagnostics.doctor;

import dev.selvage.diagnostics.AlwaysOn;
import dev.selvage.diagnostics.ControlGroup;
import dev.selvage.diagnostics.Leaks.Mode;
import dev.selvage.diagnostics.Report;
import dev.selvage.diagnostics.cores.Cores;
import dev.selvage.diagnostics.prover.JdkBuild;
import dev.selvage.diagnostics.prover.Prover;
import dev.selvage.diagnostics.text.Json;
import dev.selvage.diagnostics.trace.FlightRecorder;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is possible in this JVM and what is not, and why, as JSON, schema {@code selvage.doctor/1}:
 * fields may be added, never renamed. Thread-safe; does not block, and starts nothing.
 */
public final class DoctorJson {
  private DoctorJson() {}

  /** One JSON object on one line, ending in a line break. */
  public static String render() {
    Map<String, @Nullable Object> root = new LinkedHashMap<>();
    root.put("schema", "selvage.doctor/1");
    root.put("pid", ProcessHandle.current().pid());
    root.put("java", Runtime.version().toString());
    root.put("javaHome", System.getProperty("java.home"));
    root.put("buildNote", JdkBuild.note(Runtime.version()));
    root.put("agent", System.getProperty("dev.selvage.agent"));
    root.put("scheduler", scheduler());
    root.put("proof", proof());
    root.put("processors", processors());
    root.put("memory", memory());
    root.put("flightRecorder", FlightRecorder.current() != null);
    return Json.text(root);
  }

  private static Map<String, @Nullable Object> scheduler() {
    Map<String, @Nullable Object> scheduler = new LinkedHashMap<>();
    String why = null;
    List<Object> gomaxprocs = new ArrayList<>();
    for (Map<?, ?> copy : Cores.scheduling()) {
      if (copy.get("jdk") instanceof String text) {
        why = text;
      }
      if (copy.get("schedulers") instanceof List<?> ours) {
        for (Object one : ours) {
          if (one instanceof Map<?, ?> map && map.get("gomaxprocs") instanceof Integer n) {
            gomaxprocs.add(n);
          }
        }
      }
    }
    scheduler.put("gomaxprocs", gomaxprocs);
    scheduler.put("jdkBecause", why);
    scheduler.put("wholeJvm", Cores.isWholeJvm());
    return scheduler;
  }

  private static Map<String, @Nullable Object> proof() {
    Prover prover = Prover.ofThisJvm();
    Report.Capabilities capabilities = prover.capabilities();
    Map<String, @Nullable Object> proof = new LinkedHashMap<>();
    proof.put("collector", prover.collector());
    proof.put("modes", capabilities.proof());
    proof.put("because", prover.refusal(Mode.NOW));
    AlwaysOn.Counters alwaysOn = prover.alwaysOn();
    proof.put("alwaysOn", alwaysOn == null ? null : alwaysOn.value());
    List<Object> missing = new ArrayList<>();
    for (Report.Missing one : capabilities.missing()) {
      Map<String, @Nullable Object> map = new LinkedHashMap<>();
      map.put("open", one.open());
      map.put("costs", one.costs());
      missing.add(map);
    }
    proof.put("missing", missing);
    return proof;
  }

  private static Map<String, @Nullable Object> processors() {
    Map<String, @Nullable Object> processors = new LinkedHashMap<>();
    ControlGroup group = ControlGroup.ofThisProcess();
    processors.put("jvm", Runtime.getRuntime().availableProcessors());
    processors.put(
        "quota", group.processors().isPresent() ? group.processors().getAsDouble() : null);
    return processors;
  }

  private static Map<String, @Nullable Object> memory() {
    Map<String, @Nullable Object> memory = new LinkedHashMap<>();
    ControlGroup group = ControlGroup.ofThisProcess();
    memory.put("maxHeap", ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getMax());
    memory.put("limit", group.memory().isPresent() ? group.memory().getAsLong() : null);
    return memory;
  }
}
