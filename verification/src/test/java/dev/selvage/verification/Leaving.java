package dev.selvage.verification;

import java.util.concurrent.SynchronousQueue;

/** Leaves a thread behind for each argument, and for each line: at one of two places. */
final class Leaving {
  private Leaving() {}

  public static void main(String[] args) throws Exception {
    for (String place : args) {
      leave(place);
    }
    Child.serve(
        place -> {
          leave(place);
          Child.say("left");
        });
  }

  private static void leave(String place) {
    var nobody = new SynchronousQueue<String>();
    Thread thread =
        Thread.startVirtualThread(
            place.equals("first") ? () -> first(nobody) : () -> second(nobody));
    while (thread.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
  }

  private static void first(SynchronousQueue<String> queue) {
    put(queue);
  }

  private static void second(SynchronousQueue<String> queue) {
    put(queue);
  }

  private static void put(SynchronousQueue<String> queue) {
    try {
      queue.put("value"); // LEAK
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
