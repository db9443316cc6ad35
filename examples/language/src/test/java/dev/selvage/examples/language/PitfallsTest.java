package dev.selvage.examples.language;

import static dev.selvage.Go.go;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.selvage.Channel;
import dev.selvage.ClosedChannelException;
import dev.selvage.TaskFailedException;
import dev.selvage.observe.WaitReason;
import dev.selvage.sync.NegativeWaitGroupException;
import dev.selvage.sync.WaitGroupMisuseException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What each right form does, and how each wrong form shows its mistake. */
class PitfallsTest {
  @RegisterExtension final NothingLeft left = new NothingLeft();

  // --------------- The worker ---------------

  @Test
  void aWorkerTakesWhatComesUntilTheChannelIsClosed() throws Exception {
    assertEquals(
        Optional.of(List.of("12 / 1 = 12", "12 / 2 = 6", "closed")),
        Worker.employ(Worker::right, true, List.of(1, 2)));
  }

  @Test
  void aWorkerEndsWhenNothingComesForTwoSeconds() throws Exception {
    assertEquals(
        Optional.of(List.of("12 / 3 = 4", "timeout")),
        Worker.employ(Worker::right, false, List.of(3)));
  }

  @Test
  void aWorkerThatFailsIsDoneAllTheSame() throws Exception {
    assertEquals(
        Optional.of(List.of("12 / 4 = 3")), Worker.employ(Worker::right, true, List.of(4, 0)));
    assertInstanceOf(ArithmeticException.class, left.uncaught());
  }

  @Test
  void ifAWorkerSaysDoneOnlyWhenAllWentWellItsEmployerWaitsForEver() throws Exception {
    assertEquals(
        Optional.of(List.of("12 / 4 = 3", "closed")),
        Worker.employ(Worker::wrong, true, List.of(4)));
    assertEquals(Optional.empty(), Worker.employ(Worker::wrong, true, List.of(4, 0)));
    assertInstanceOf(ArithmeticException.class, left.uncaught());
    left.proven(Worker.class, "LEAK", WaitReason.CHAN_RECEIVE, 1);
  }

  // --------------- Order ---------------

  @Test
  void tenGoroutinesComeInAnOrderThatTheStarterDoesNotControl() throws Exception {
    List<Integer> squares = IntStream.range(0, 10).map(n -> n * n).boxed().toList();
    assertEquals(squares.reversed(), yieldOf(TenGoroutines::wrong));
    assertEquals(squares, yieldOf(TenGoroutines::right));
  }

  // --------------- Channels ---------------

  @Test
  void ifEachOfSeveralWritersClosesTheOthersFail() throws Exception {
    assertEquals(List.of("line of writer 1"), yieldOf(SeveralWriters::wrong));
    var e = assertInstanceOf(ClosedChannelException.class, left.uncaught());
    assertEquals("send on closed channel", e.getMessage());
  }

  @Test
  void ifOneWaitsForAllWritersAndClosesAllLinesAreRead() throws Exception {
    assertEquals(List.of("line of writer 1", "line of writer 2"), yieldOf(SeveralWriters::right));
  }

  @Test
  void anUnbufferedChannelHoldsNoJobs() throws Exception {
    assertEquals(Optional.empty(), Simulated.run(() -> UnbufferedQueue.wrong(List.of("a", "b"))));
    left.proven(UnbufferedQueue.class, "LEAK", WaitReason.CHAN_SEND, 1);
  }

  @Test
  void aBufferedChannelHoldsAsManyJobsAsItHasRoomFor() throws Exception {
    assertEquals(List.of("a", "b"), yieldOf(() -> UnbufferedQueue.right(List.of("a", "b"))));
  }

  @Test
  void aDirectionCanBeCastAwayButNotThatOfAView() throws Exception {
    Channel<String> channel = Channel.buffered(1);
    go(() -> Directions.produce(channel));
    assertEquals(List.of("thread"), Directions.consume(channel));

    Channel<String> shared = Channel.buffered(1);
    shared.send("yarn");
    assertEquals("yarn", Directions.castBack(shared));
    assertThrows(ClassCastException.class, () -> Directions.castBack(shared.sendOnly()));
  }

  @Test
  void aLoopOverAChannelThatNobodyClosesNeverEnds() throws Exception {
    assertEquals(List.of("box of yarn"), yieldOf(() -> MissingClose.wrong(List.of("yarn"))));
    assertEquals(Optional.empty(), Simulated.run(() -> MissingClose.wrong(List.of("yarn", ""))));
    left.proven(MissingClose.class, "LEAK", WaitReason.CHAN_RECEIVE, 1);
  }

  @Test
  void ifTheSenderClosesWhateverHappensTheLoopEnds() throws Exception {
    assertEquals(List.of("box of yarn"), yieldOf(() -> MissingClose.right(List.of("yarn"))));
    assertEquals(List.of("box of yarn"), yieldOf(() -> MissingClose.right(List.of("yarn", ""))));
  }

  // --------------- WaitGroup ---------------

  @Test
  void whoCountsUpInsideTheGoroutineIsNotWaitedFor() throws Exception {
    assertEquals(0, yieldOf(AddInside::wrong));
    assertEquals(3, yieldOf(AddInside::right));
  }

  @Test
  void whoIsAddedAfterTheWaitIsNotWaitedFor() throws Exception {
    assertEquals(List.of("all done", "worked"), yieldOf(AddAfterWait::wrong));
    assertEquals(List.of("worked", "all done"), yieldOf(AddAfterWait::right));
  }

  @Test
  void whoUsesAGroupAgainTooEarlyIsToldSo() throws Exception {
    WaitGroupMisuseException e = null;
    for (int i = 0; i < 100 && e == null; i++) {
      e = AddAfterWait.reuse(10_000);
    }
    assertNotNull(e, "all waiters had returned each time");
    assertEquals("sync: WaitGroup is reused before previous Wait has returned", e.getMessage());
  }

  @Test
  void whoCountsDownTwiceIsToldSo() throws Exception {
    var e = assertThrows(NegativeWaitGroupException.class, DoneTooOften::wrong);
    assertEquals("sync: negative WaitGroup counter", e.getMessage());
    assertDoesNotThrow(() -> DoneTooOften.right(List.of("", "a line")));
  }

  @Test
  void whoCountsAnotherInstanceDownFailsAndTheWaiterWaitsForEver() throws Exception {
    assertEquals(Optional.empty(), Simulated.run(AnotherInstance::wrong));
    assertInstanceOf(NegativeWaitGroupException.class, left.uncaught());
    left.proven(AnotherInstance.class, "LEAK", WaitReason.WAIT_GROUP_WAIT, 1);
  }

  @Test
  void whoCountsTheSameInstanceDownReleasesTheWaiter() throws Exception {
    assertEquals("washed", yieldOf(AnotherInstance::right));
  }

  // --------------- Shared state ---------------

  @Test
  void goroutinesThatShareAHolderSeeItsLastValue() throws Exception {
    assertEquals(List.of(3, 3, 3), yieldOf(LoopVariable::wrong));
    assertEquals(List.of(1, 2, 3), yieldOf(LoopVariable::right));
    assertEquals(List.of(3, 3, 3), yieldOf(LoopVariable::stillShared));
  }

  @Test
  void twoWhoAddToASharedVariableLoseOneOfTheUpdates() throws Exception {
    assertEquals(10, yieldOf(GatheringResults::wrong));
    assertEquals(20, yieldOf(GatheringResults::right));
    assertEquals(20, yieldOf(GatheringResults::withMutex));
  }

  // --------------- Leaving others behind ---------------

  @Test
  void whoTakesOnlyTheFirstAnswerLeavesTheOtherSendersBehind() throws Exception {
    assertEquals("shop 1", yieldOf(FirstAnswer::wrong));
    left.proven(FirstAnswer.class, "LEAK", WaitReason.CHAN_SEND, 2);
  }

  @Test
  void roomForAllAnswersOrAContextLeavesNobodyBehind() throws Exception {
    assertEquals("shop 1", yieldOf(FirstAnswer::right));
    assertEquals("shop 1", yieldOf(FirstAnswer::withContext));
  }

  @Test
  void whoGoesAwayAfterATimeLeavesTheSenderBehind() throws Exception {
    assertEquals("no answer in time", yieldOf(AnswerInTime::wrong));
    left.proven(AnswerInTime.class, "LEAK", WaitReason.CHAN_SEND, 1);
  }

  @Test
  void roomForALateAnswerOrAContextLeavesNobodyBehind() throws Exception {
    assertEquals("no answer in time", yieldOf(AnswerInTime::right));
    assertEquals("no answer in time", yieldOf(AnswerInTime::withContext));
  }

  @Test
  void aStoppedTickerDoesNotEndTheLoopOverItsChannel() throws Exception {
    assertEquals(List.of("tick at 1", "tick at 2"), yieldOf(StoppedTicker::wrong));
    left.proven(StoppedTicker.class, "LEAK", WaitReason.CHAN_RECEIVE, 1);
  }

  @Test
  void aContextEndsTheLoopAndTheLoopStopsItsTicker() throws Exception {
    assertEquals(List.of("tick at 1", "tick at 2", "end"), yieldOf(StoppedTicker::right));
  }

  // --------------- Patterns ---------------

  @Test
  void whoWaitsForWorkersBeforeTakingTheirResultsWaitsForEver() throws Exception {
    assertEquals(Optional.empty(), Simulated.run(FanOutFanIn::wrong));
    left.proven(FanOutFanIn.class, "LEAK of the workers", WaitReason.CHAN_SEND, 3);
    left.proven(FanOutFanIn.class, "LEAK of who waits", WaitReason.WAIT_GROUP_WAIT, 1);
    left.proven(FanOutFanIn.class, "LEAK of the numbers", WaitReason.CHAN_SEND, 1);
  }

  @Test
  void fanOutAndFanInBringAllResults() throws Exception {
    assertEquals(List.of(1, 4, 9, 16, 25, 36), yieldOf(FanOutFanIn::right));
  }

  @Test
  void aPipelineThatIsLeftEarlyKeepsItsStages() throws Exception {
    assertEquals(List.of(1, 4, 9), yieldOf(Pipeline::wrong));
    left.proven(Pipeline.class, "LEAK of the first stage", WaitReason.CHAN_SEND, 1);
    left.proven(Pipeline.class, "LEAK of the second stage", WaitReason.CHAN_SEND, 1);
  }

  @Test
  void aPipelineEndsWithItsContext() throws Exception {
    assertEquals(List.of(1, 4, 9), yieldOf(Pipeline::right));
  }

  @Test
  void aTickerKeepsTheRhythmAndASleepDoesNot() throws Exception {
    assertEquals(List.of(100L, 230L, 360L, 490L), yieldOf(() -> RateLimit.wrong(4)));
    assertEquals(List.of(100L, 200L, 300L, 400L), yieldOf(() -> RateLimit.right(4)));
  }

  @Test
  void aPermitThatIsNotGivenBackIsMissing() throws Exception {
    assertEquals(Optional.empty(), Simulated.run(WorkerPool::wrong));
    assertEquals("job 1 failed", left.uncaught().getMessage());
    assertEquals("job 2 failed", left.uncaught().getMessage());
    left.proven(WorkerPool.class, "LEAK", WaitReason.SEMACQUIRE, 1);
  }

  @Test
  void aPermitGivenBackInFinallyIsThereForTheNext() throws Exception {
    assertEquals("at most 2 at a time", yieldOf(WorkerPool::right));
    assertEquals("job 1 failed", left.uncaught().getMessage());
    assertEquals("job 2 failed", left.uncaught().getMessage());
  }

  @Test
  void aWaitGroupDoesNotSayThatOneFailed() throws Exception {
    assertEquals(List.of("item 2"), yieldOf(FirstFailure::wrong));
    assertEquals("no item 1", left.uncaught().getMessage());
  }

  @Test
  void aScopeThrowsTheFirstFailureAndEndsTheOthers() {
    var e = assertThrows(TaskFailedException.class, () -> Simulated.run(FirstFailure::right));
    assertEquals("a task failed: java.lang.IllegalStateException: no item 1", e.getMessage());
    assertEquals(0, e.getSuppressed().length);
  }

  private static <T> T yieldOf(Callable<T> example) throws Exception {
    return Simulated.run(example).orElseThrow(() -> new AssertionError("it is stuck"));
  }
}
