package dev.selvage.verification.kernels;

import static dev.selvage.Go.go;

import dev.selvage.Channel;
import dev.selvage.Go;
import java.time.Duration;

/** Programs that strain a prover. */
public final class Stress {
  private Stress() {}

  /** A tree of goroutines, each of which leaves one behind, while collections go on. */
  @Leak(at = "SpawnGC", reason = "chan receive", perCopy = 206)
  public static final class SpawnGC implements Program {
    @Override
    public void start(Copy copy) {
      go(() -> node(5, copy.fixed()));
    }

    private static void node(int depth, boolean fixed) {
      var never = Channel.<Integer>unbuffered();
      go(
          () -> {
            never.receiveOrNull(); // LEAK SpawnGC
          });
      if (depth == 4) {
        System.gc();
      }
      // Five children, then four each, three, two: 1 + 5 + 20 + 60 + 120.
      for (int i = 0; depth > 1 && i < depth; i++) {
        go(() -> node(depth - 1, fixed));
      }
      if (fixed) {
        never.close();
      }
    }
  }

  /** Control: each link waits for the next one, and the last sleeps. */
  public static final class DaisyChain implements Program {
    @Override
    public void start(Copy copy) {
      go(() -> link(1000, Channel.unbuffered()));
    }

    private static void link(int left, Channel<Integer> before) throws InterruptedException {
      if (left == 0) {
        Go.sleep(Duration.ofHours(1));
      } else {
        var next = Channel.<Integer>unbuffered();
        go(() -> link(left - 1, next));
        next.receive();
      }
      before.send(left);
    }
  }
}
