package dev.selvage.verification.differential;

import java.util.ArrayList;
import java.util.List;

/**
 * What is done, in which state, and how to find out what comes of it.
 *
 * @param group the subject
 * @param operation what is done
 * @param state what it meets; may be empty
 */
record Scenario(String group, String operation, String state, Play play) {
  /** Plays it and says what came of it. */
  @FunctionalInterface
  interface Play {
    String run(Stage stage) throws Exception;
  }

  /** All of them. */
  static List<Scenario> all() {
    List<Scenario> all = new ArrayList<>();
    Channels.addTo(all);
    Selects.addTo(all);
    Groups.addTo(all);
    Locks.addTo(all);
    Onces.addTo(all);
    Contexts.addTo(all);
    Timers.addTo(all);
    Semaphores.addTo(all);
    ErrorGroups.addTo(all);
    SingleFlights.addTo(all);
    return all;
  }

  String key() {
    return group + "\t" + operation + "\t" + state;
  }

  /** Plays it. */
  String outcome() throws Exception {
    Stage stage = new Stage();
    try {
      return Stage.attempt(() -> play.run(stage));
    } finally {
      stage.clear();
    }
  }
}
