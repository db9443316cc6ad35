package dev.selvage.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Runs the programs of all implementations side by side: a round runs each of them once, in a
 * process of its own, one after the other; the next round does the same again. Prints Markdown: for
 * each program the medians of the rounds with the least and the greatest, and the ratios of the
 * medians to Selvage's, or to those of another one.
 */
final class Compare {
  private static final String USAGE =
      """
      benchmarks/language/run [--write] [OPTIONS]
        --rounds N          processes of each kind (5)
        --only REGEX        the programs whose names match
        --who A,B           implementations: selvage, selvage-gmp, selvage-reused, go, kotlin, jox,
                            jdk, jdk-transfer; and these two with every virtual thread on
                            Selvage's scheduler: jdk-gmp, jdk-transfer-gmp; or on the JDK's, but
                            beside the same agent: jdk-agent, jdk-transfer-agent
        --base NAME         whose median is divided by the others' (selvage)
        --procs N           GOMAXPROCS, and the parallelism of the JDK's scheduler and of
                            Kotlin's dispatcher (2)
        --with NAME=OPTIONS one more, selvage-NAME: Selvage with these options of the JVM
        --write             first: also into benchmarks/results/DATE-language.md\
      """;

  /**
   * A program: how often it does what it is about, and how it is measured.
   *
   * @param warm milliseconds of warming up
   * @param repeats how often it is measured in one process, of which the median counts; of a
   *     program about lateness, for how many seconds
   */
  private record Program(String name, int n, int warm, int repeats, String what) {}

  private static final List<Program> PROGRAMS =
      List.of(
          new Program("pingpong", 100_000, 2000, 5, "round trip over two unbuffered channels"),
          pipe(1, 0),
          pipe(1, 1),
          pipe(1, 16),
          pipe(1, 100),
          pipe(4, 0),
          pipe(4, 1),
          pipe(4, 16),
          pipe(4, 100),
          select(2),
          select(4),
          select(16),
          idle(2),
          idle(50),
          new Program("mutex-1", 5_000_000, 1500, 5, "lock and unlock by one goroutine"),
          new Program("mutex-4", 400_000, 1500, 5, "lock and unlock by one of 4 goroutines"),
          new Program("fan", 200_000, 1500, 5, "goroutine, 100 at a time under one WaitGroup"),
          new Program("spawn", 200_000, 1500, 5, "goroutine started and finished, 200,000 at once"),
          new Program("skynet", 1_000_000, 3000, 3, "leaf; a million leaves, ten children a node"),
          new Program(
              "sleep", 1_000_000, 0, 3, "goroutine that sleeps a second, a million at once"),
          new Program("naps", 500_000, 1500, 5, "sleep of 1 ms by one of 10,000 goroutines"),
          new Program("reset", 100_000, 1500, 5, "reset of one of 1,000 timers"),
          new Program("memory", 100_000, 0, 1, "parked goroutine: bytes of heap and stack"),
          hogs("sleep-p50"),
          hogs("sleep-p99"),
          hogs("send-p50"),
          hogs("send-p99"));

  private static Program pipe(int pairs, int capacity) {
    return new Program(
        "pipe-" + pairs + "x" + pairs + "-" + capacity,
        capacity > 1 ? 1_000_000 : 200_000,
        2000,
        5,
        "element, " + pairs + " to " + pairs + ", capacity " + capacity);
  }

  private static Program select(int cases) {
    return new Program(
        "select-" + cases,
        100_000,
        2000,
        5,
        "select over " + cases + " channels, each with a sender");
  }

  private static Program idle(int cases) {
    return new Program(
        "idle-select-" + cases,
        50_000,
        2000,
        5,
        "select over " + cases + " channels of which one is used");
  }

  private static Program hogs(String what) {
    return new Program(
        Hogs.PREFIX + what,
        100,
        1500,
        5,
        "wake-up by a "
            + (what.startsWith("sleep") ? "timer" : "send")
            + " beside GOMAXPROCS goroutines that compute for ever: how late, "
            + what.substring(what.indexOf('-') + 1));
  }

  private final List<String> selvage;
  private final Map<String, List<String>> commands = new LinkedHashMap<>();
  private String base = "selvage";
  private int procs = 2;
  private int rounds = 5;
  private Pattern only = Pattern.compile("");

  private Compare(String java, String classPath, String go, String agent) {
    String programs = "dev.selvage.benchmarks.";
    selvage = List.of(java, "-cp", classPath, programs + "SelvagePrograms");
    commands.put("selvage", selvage);
    commands.put(
        "selvage-gmp",
        with(
            selvage,
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "--add-opens=java.base/jdk.internal.vm=ALL-UNNAMED",
            "-Dselvage.scheduler=gmp"));
    commands.put("selvage-reused", with(selvage, "-Dselvage.benchmarks.reused=true"));
    commands.put("go", List.of(go));
    commands.put("kotlin", List.of(java, "-cp", classPath, programs + "KotlinPrograms"));
    commands.put("jox", List.of(java, "-cp", classPath, programs + "JoxPrograms"));
    List<String> jdk = List.of(java, "-cp", classPath, programs + "JdkPrograms");
    commands.put("jdk", jdk);
    List<String> transfer = with(jdk, "-Dselvage.benchmarks.transfer=true");
    commands.put("jdk-transfer", transfer);
    // Any agent makes the JVM tell JVMTI of each mount and unmount, so it is a variant of its own.
    String beside = "-javaagent:" + agent + "=quiet=true,scheduler=";
    commands.put("jdk-agent", with(jdk, beside + "jdk"));
    commands.put("jdk-transfer-agent", with(transfer, beside + "jdk"));
    commands.put("jdk-gmp", with(jdk, beside + "gmp"));
    commands.put("jdk-transfer-gmp", with(transfer, beside + "gmp"));
  }

  private static List<String> with(List<String> command, String... options) {
    List<String> longer = new ArrayList<>(command);
    longer.addAll(1, Arrays.asList(options));
    return longer;
  }

  /** Arguments: the java command, the class path, the Go program, the agent, then the options. */
  public static void main(String[] args) throws Exception {
    var compare = new Compare(args[0], args[1], args[2], args[3]);
    try {
      compare.options(args);
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      System.err.println(e.getMessage() + "\n" + USAGE);
      System.exit(2);
    }
    System.out.print(compare.run());
  }

  private void options(String[] args) {
    List<String> who = List.of();
    for (int i = 4; i < args.length; i++) {
      switch (args[i]) {
        case "--rounds" -> rounds = Integer.parseInt(args[++i]);
        case "--only" -> only = Pattern.compile(args[++i]);
        case "--base" -> base = args[++i];
        case "--procs" -> procs = Integer.parseInt(args[++i]);
        case "--who" -> who = List.of(args[++i].split(",", -1));
        case "--with" -> {
          String[] option = args[++i].split("=", 2);
          commands.put("selvage-" + option[0], with(selvage, option[1].strip().split(" +", -1)));
        }
        case "--help" -> {
          System.out.println(USAGE);
          System.exit(0);
        }
        default -> throw new IllegalArgumentException("unknown option " + args[i]);
      }
    }
    for (String name : who) {
      if (!commands.containsKey(name)) {
        throw new IllegalArgumentException("unknown implementation " + name);
      }
    }
    if (!who.isEmpty()) {
      commands.keySet().retainAll(who);
    }
  }

  private String run() throws IOException, InterruptedException {
    var figures = new StringBuilder("| program | one |");
    for (String name : commands.keySet()) {
      figures.append(' ').append(name).append(" |");
    }
    figures.append("\n|---|---|").append("---|".repeat(commands.size()));
    for (Program program : PROGRAMS) {
      if (only.matcher(program.name).find()) {
        System.err.println(program.name);
        figures.append("\n| ").append(program.name).append(" | ").append(program.what).append(" |");
        line(program, figures);
      }
    }
    return figures.append('\n').toString();
  }

  private void line(Program program, StringBuilder out) throws IOException, InterruptedException {
    Map<String, double[]> figures = new LinkedHashMap<>();
    for (int round = 0; round < rounds; round++) {
      for (var entry : commands.entrySet()) {
        double figure = once(entry.getValue(), program);
        if (!Double.isNaN(figure)) {
          figures.computeIfAbsent(entry.getKey(), name -> new double[rounds])[round] = figure;
        }
        System.err.println(
            "  " + entry.getKey() + " " + (Double.isNaN(figure) ? "none" : number(figure)));
      }
    }
    double ours = figures.containsKey(base) ? median(figures.get(base)) : Double.NaN;
    for (String name : commands.keySet()) {
      double[] all = figures.get(name);
      if (all == null) {
        out.append(" – |");
        continue;
      }
      double median = median(all);
      out.append(' ').append(number(median));
      out.append(" (").append(number(all[0])).append('–').append(number(all[rounds - 1]));
      out.append(')');
      if (!name.equals(base) && !Double.isNaN(ours)) {
        out.append(String.format(Locale.ROOT, " **%.2f**", ours / median));
      }
      out.append(" |");
    }
  }

  /** Runs a program in a process of its own; not a number when there is none of that name. */
  private double once(List<String> command, Program program)
      throws IOException, InterruptedException {
    List<String> line = new ArrayList<>(command);
    if (line.contains("-cp")) {
      line.add(1, "-Djdk.virtualThreadScheduler.parallelism=" + procs);
      line.add(2, "-Dkotlinx.coroutines.scheduler.core.pool.size=" + procs);
    }
    line.addAll(List.of(program.name, "" + program.n, "" + program.warm, "" + program.repeats));
    var builder = new ProcessBuilder(line).redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().put("GOMAXPROCS", "" + procs);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException(line + " ended with " + process.exitValue());
    }
    return output.strip().equals("none") ? Double.NaN : Double.parseDouble(output);
  }

  private static double median(double[] figures) {
    Arrays.sort(figures);
    int middle = figures.length / 2;
    return figures.length % 2 == 1 ? figures[middle] : (figures[middle - 1] + figures[middle]) / 2;
  }

  private static String number(double figure) {
    return String.format(Locale.ROOT, figure < 100 ? "%.1f" : "%.0f", figure);
  }
}
