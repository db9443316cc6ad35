package dev.selvage.examples.language;

import dev.selvage.Channel;
import java.util.List;

/** A channel without buffer is no queue: it holds nothing, and a send waits for its receiver. */
final class UnbufferedQueue {
  private UnbufferedQueue() {}

  /** Puts jobs down, to take them up later. */
  // snippet: wrong
  static List<String> wrong(List<String> jobs) throws InterruptedException {
    Channel<String> queue = Channel.unbuffered();
    for (String job : jobs) {
      queue.send(job); // LEAK
    }
    queue.close();
    return Gather.all(queue);
  }

  // end

  /** Has room for them. */
  // snippet: right
  static List<String> right(List<String> jobs) throws InterruptedException {
    Channel<String> queue = Channel.buffered(jobs.size());
    for (String job : jobs) {
      queue.send(job);
    }
    queue.close();
    return Gather.all(queue);
  }

  // end

  /** Shows it. */
  public static void main(String[] args) throws Exception {
    List<String> jobs = List.of("wash", "dry");
    System.out.println("wrong: " + Simulated.run(() -> wrong(jobs)));
    System.out.println("right: " + Simulated.run(() -> right(jobs)));
  }
}
