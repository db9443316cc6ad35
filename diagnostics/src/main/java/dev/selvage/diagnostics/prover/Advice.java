package dev.selvage.diagnostics.prover;

import dev.selvage.observe.WaitReason;

/** The two sentences of a finding that speak to a person: why it is so, and what to do. */
final class Advice {
  private Advice() {}

  /** Why a proven thread can never run again. */
  static String because(WaitReason reason) {
    return switch (reason) {
      case CHAN_SEND -> "nothing that can still run can reach the channel to receive from it";
      case CHAN_RECEIVE -> "nothing that can still run can reach the channel to send or close";
      case CHAN_SEND_NIL, CHAN_RECEIVE_NIL -> "such a channel is never ready";
      case SELECT -> "nothing that can still run can reach any of the channels it waits for";
      case SELECT_NO_CASES -> "a select without cases waits for ever";
      case MUTEX_LOCK, RWMUTEX_LOCK, RWMUTEX_RLOCK, LOCK ->
          "the lock was never released, and nothing that can still run can reach it";
      case WAIT_GROUP_WAIT -> "the count never gets to zero: nothing left can call done";
      case ERROR_GROUP_WAIT -> "a goroutine of the group can never end";
      case SINGLE_FLIGHT_DO ->
          "the call for the same key, whose result it waits for, can never end";
      case COND_WAIT, CONDITION -> "nothing that can still run can reach the condition";
      case SEMACQUIRE, SEMAPHORE -> "nothing that can still run can release a permit";
      case QUEUE_TAKE -> "nothing that can still run can reach the queue to put into it";
      case QUEUE_PUT -> "nothing that can still run can reach the queue to take from it";
      case LATCH -> "nothing that can still run can count the latch down";
      case BARRIER, PHASER -> "the other parties can never arrive: nothing else reaches it";
      case FUTURE -> "nothing that can still run can complete the future";
      case EXCHANGER -> "nothing that can still run can reach the exchanger";
      case JOIN -> "the thread it waits for can never end";
      case SCOPE, SCOPE_JOIN -> "a child of the scope can never end";
      default -> "nothing that can still run can reach what would wake it";
    };
  }

  /** What to do about it. */
  static String suggestion(WaitReason reason) {
    return switch (reason) {
      case CHAN_SEND ->
          "give the channel one slot of buffer, or select on ctx.done() beside the send";
      case CHAN_RECEIVE ->
          "let the sender close the channel when it is done, whatever happens; if it belongs to a"
              + " ticker or a context, stop or cancel that";
      case CHAN_SEND_NIL, CHAN_RECEIVE_NIL -> "do not block on it alone; use it in a select only";
      case SELECT -> "add a case for ctx.done(), and cancel the context when nobody waits any more";
      case SELECT_NO_CASES -> "end the goroutine instead";
      case MUTEX_LOCK, RWMUTEX_LOCK, RWMUTEX_RLOCK ->
          "use withLock(…), or unlock in a finally block right after the lock";
      case LOCK -> "unlock in a finally block right after the lock, on every path";
      case WAIT_GROUP_WAIT ->
          "use WaitGroup.go(…), or add before the start and done in a finally block, on the same"
              + " WaitGroup";
      case ERROR_GROUP_WAIT ->
          "find out why the goroutine does not end: it is listed here as well; with"
              + " ErrorGroup.withContext(…) it can look at the group's context";
      case SINGLE_FLIGHT_DO ->
          "find out why the function of that call does not end: it is listed here as well; limit"
              + " its time, and never ask for a key in the function for that key";
      case COND_WAIT, CONDITION -> "signal on every path that makes the condition true";
      case SEMACQUIRE, SEMAPHORE -> "release in a finally block, on every path";
      case MONITOR_ENTER ->
          "hold the monitor for less long, and wait for nothing else while you have it; a lock can"
              + " be asked for with a time limit; selvage stacks --locks tells who has it";
      case OBJECT_WAIT ->
          "notify on every path that makes the condition true, or wait with a limit";
      case QUEUE_TAKE ->
          "put an end marker when the producer ends, or poll with a time limit; an executor that"
              + " is no longer used must be shut down";
      case QUEUE_PUT ->
          "offer with a time limit, or give the queue room for the one value nobody takes";
      case LATCH -> "count down in a finally block, or await with a time limit";
      case BARRIER, PHASER -> "await with a time limit, and break the barrier when a party fails";
      case FUTURE -> "complete it on every path (completeExceptionally too), or orTimeout(…)";
      case EXCHANGER -> "exchange with a time limit";
      case JOIN -> "find out why the other thread does not end: it is listed here as well";
      case SCOPE, SCOPE_JOIN -> "find out why the child does not end: it is listed here as well";
      default -> "wait with a time limit, or make sure that whoever wakes it is always reached";
    };
  }
}
