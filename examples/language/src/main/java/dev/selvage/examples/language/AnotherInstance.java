package dev.selvage.examples.language;

import static dev.selvage.Go.go;

import dev.selvage.sync.WaitGroup;

/**
 * Waiting for one group, counting down another. In Go that is a WaitGroup passed by value; in Java
 * it is a group that belongs to an object, and a second object of that kind.
 */
final class AnotherInstance {
  private AnotherInstance() {}

  /** A load of laundry, which knows when it is done. */
  // snippet: class
  static final class Load {
    private final WaitGroup washing = new WaitGroup();

    void begin() {
      washing.add(1);
    }

    void end() {
      washing.done();
    }

    void await() throws InterruptedException {
      washing.await(); // LEAK
    }
  }

  // end

  /** Ends another load than it began. */
  // snippet: wrong
  static String wrong() throws InterruptedException {
    var load = new Load();
    load.begin();
    go(() -> new Load().end()); // NegativeWaitGroupException there, and nothing here
    load.await();
    return "washed";
  }

  // end

  /** Hands the load itself over. */
  // snippet: right
  static String right() throws InterruptedException {
    var load = new Load();
    load.begin();
    go(Load::end, load);
    load.await();
    return "washed";
  }

  // end

  /** Shows it. */
  public static void main(String[] args) throws Exception {
    System.out.println("wrong: " + Simulated.run(AnotherInstance::wrong));
    System.out.println("right: " + Simulated.run(AnotherInstance::right));
  }
}
