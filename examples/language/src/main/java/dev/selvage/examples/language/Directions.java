package dev.selvage.examples.language;

import static dev.selvage.Go.go;

import dev.selvage.Channel;
import dev.selvage.ReceiveChannel;
import dev.selvage.SendChannel;
import java.util.List;

/**
 * The two directions of a channel, as types. The wrong way does not compile. A cast gets around
 * that, unless it is a view that was handed out.
 */
final class Directions {
  private Directions() {}

  // snippet: right
  static void produce(SendChannel<String> out) throws InterruptedException {
    try {
      out.send("thread");
    } finally {
      out.close();
    }
  }

  static List<String> consume(ReceiveChannel<String> in) {
    return Gather.all(in);
  }

  // end

  /** Receives what it should only send. */
  // snippet: cast
  @SuppressWarnings("unchecked")
  static String castBack(SendChannel<String> out) throws InterruptedException {
    return ((Channel<String>) out).receive();
  }

  // end

  /** Shows it. */
  public static void main(String[] args) throws Exception {
    Channel<String> channel = Channel.unbuffered();
    go(() -> produce(channel));
    System.out.println("right: " + consume(channel));

    Channel<String> shared = Channel.buffered(1);
    shared.send("yarn");
    System.out.println("cast:  got " + castBack(shared));
    try {
      castBack(shared.sendOnly());
    } catch (ClassCastException e) {
      System.out.println("view:  ClassCastException");
    }
  }
}
