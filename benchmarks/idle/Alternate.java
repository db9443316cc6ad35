import com.sun.tools.attach.VirtualMachine;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

/**
 * What an agent costs a program, on a machine whose speed changes while one looks.
 *
 * <p>A group is one process of each way to run the program, all alive at once, of which only one
 * works at a time, a fraction of a second each, in an order drawn anew for every round: what the
 * machine does meets all of them alike. But the same program is faster by some per cent in one
 * process than in another, for as long as the process lives (what the compiler made of it, where
 * its memory lies). So each process is compared with itself: half of the rounds are before an agent
 * is attached to it, and half after. One way attaches nothing: its ratio is what changes with time,
 * by which those of the others are divided.
 *
 * <p>Arguments: groups, rounds to warm up, rounds; then for each way {@code -- NAME
 * AGENT[=OPTIONS]}, where {@code -} is no agent; then {@code -- COMMAND...}. The last way is that
 * of comparison. A program answers each line that it reads with the time and the processor time of
 * a request.
 */
public final class Alternate {
  private Alternate() {}

  private record Way(String name, String agent) {}

  private record Figure(String name, ToDoubleFunction<double[]> over) {}

  /** Processor time is counted in ticks of the system, so that a round of its own says little. */
  private static final List<Figure> FIGURES =
      List.of(
          new Figure("time of a request", Alternate::median),
          new Figure(
              "processor time of a request", all -> DoubleStream.of(all).average().orElse(0)));

  private record One(Process process, Writer in, BufferedReader out) {
    static One start(List<String> command) throws IOException {
      Process process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      return new One(process, process.outputWriter(), process.inputReader());
    }

    double[] round() throws IOException {
      in.write('\n');
      in.flush();
      String line = out.readLine();
      if (line == null) {
        throw new IOException("a program ended early");
      }
      return Arrays.stream(line.split(" ", -1)).mapToDouble(Double::parseDouble).toArray();
    }

    void attach(String agent) throws Exception {
      if (!agent.equals("-")) {
        VirtualMachine machine = VirtualMachine.attach("" + process.pid());
        String[] parts = agent.split("=", 2);
        machine.loadAgent(parts[0], parts.length == 1 ? "" : parts[1]);
        machine.detach();
      }
    }

    void end() throws IOException, InterruptedException {
      in.close();
      process.waitFor();
    }
  }

  public static void main(String[] args) throws Exception {
    int groups = Integer.parseInt(args[0]);
    int warm = Integer.parseInt(args[1]);
    int rounds = Integer.parseInt(args[2]);
    List<Way> ways = new ArrayList<>();
    int at = 3;
    for (; at + 3 < args.length && args[at + 3].equals("--"); at += 3) {
      ways.add(new Way(args[at + 1], args[at + 2]));
    }
    List<String> command = List.of(args).subList(at + 1, args.length);
    // [figure][way][group]
    double[][][] before = new double[FIGURES.size()][ways.size()][groups];
    double[][][] ratios = new double[FIGURES.size()][ways.size()][groups];
    for (int g = 0; g < groups; g++) {
      List<One> started = new ArrayList<>();
      for (Way each : ways) {
        started.add(One.start(command));
      }
      rounds(started, warm);
      double[][] first = rounds(started, rounds);
      for (int w = 0; w < ways.size(); w++) {
        started.get(w).attach(ways.get(w).agent);
      }
      rounds(started, warm / 2);
      double[][] second = rounds(started, rounds);
      for (One each : started) {
        each.end();
      }
      for (int f = 0; f < FIGURES.size(); f++) {
        for (int w = 0; w < ways.size(); w++) {
          before[f][w][g] = first[f][w];
          ratios[f][w][g] = second[f][w] / first[f][w];
        }
        System.err.printf(
            Locale.ROOT,
            "group %d, %s: before %s, after/before %s%n",
            g + 1,
            FIGURES.get(f).name,
            Arrays.toString(first[f]),
            column(ratios[f], g));
      }
    }
    for (int f = 0; f < FIGURES.size(); f++) {
      double[][] of = ratios[f];
      double[] all = Arrays.stream(before[f]).flatMapToDouble(Arrays::stream).toArray();
      System.out.printf(
          Locale.ROOT,
          "%s: before median %.1f us (%.1f to %.1f); after to before:%n",
          FIGURES.get(f).name,
          median(all),
          DoubleStream.of(all).min().orElseThrow(),
          DoubleStream.of(all).max().orElseThrow());
      for (int w = 0; w < ways.size(); w++) {
        print(ways.get(w).name, of[w]);
      }
      for (int w = 0; w < ways.size() - 1; w++) {
        for (int other = w + 1; other < ways.size(); other++) {
          print(ways.get(w).name + " to " + ways.get(other).name, divided(of[w], of[other]));
        }
      }
    }
  }

  /** Lets each of them work that often in turn; answers [figure][way]. */
  private static double[][] rounds(List<One> started, int rounds) throws IOException {
    double[][][] all = new double[FIGURES.size()][started.size()][rounds];
    List<Integer> order = new ArrayList<>();
    for (int w = 0; w < started.size(); w++) {
      order.add(w);
    }
    for (int r = 0; r < rounds; r++) {
      Collections.shuffle(order);
      for (int w : order) {
        double[] figures = started.get(w).round();
        for (int f = 0; f < figures.length; f++) {
          all[f][w][r] = figures[f];
        }
      }
    }
    double[][] over = new double[FIGURES.size()][started.size()];
    for (int f = 0; f < FIGURES.size(); f++) {
      for (int w = 0; w < started.size(); w++) {
        over[f][w] = FIGURES.get(f).over.applyAsDouble(all[f][w]);
      }
    }
    return over;
  }

  private static double[] divided(double[] all, double[] by) {
    double[] ratios = new double[all.length];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = all[i] / by[i];
    }
    return ratios;
  }

  private static void print(String name, double[] all) {
    double mean = DoubleStream.of(all).average().orElseThrow();
    double squares = DoubleStream.of(all).map(x -> (x - mean) * (x - mean)).sum();
    System.out.printf(
        Locale.ROOT,
        "  %s: median %.4f (%.4f to %.4f), mean %.4f, standard error %.4f%n",
        name,
        median(all),
        DoubleStream.of(all).min().orElseThrow(),
        DoubleStream.of(all).max().orElseThrow(),
        mean,
        Math.sqrt(squares / (all.length - 1) / all.length));
  }

  private static double median(double[] all) {
    double[] sorted = all.clone();
    Arrays.sort(sorted);
    return (sorted[sorted.length / 2] + sorted[(sorted.length - 1) / 2]) / 2;
  }

  private static String column(double[][] rows, int column) {
    return Arrays.toString(Arrays.stream(rows).mapToDouble(row -> row[column]).toArray());
  }
}
