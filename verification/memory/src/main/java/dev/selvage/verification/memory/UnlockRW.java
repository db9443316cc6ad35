package dev.selvage.verification.memory;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.selvage.sync.RWMutex;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** Giving an RWMutex back happens before it is taken by whom it kept out. */
final class UnlockRW {
  private UnlockRW() {}

  /** From a writer to a reader. */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "0, 1", "1, 1"},
      expect = ACCEPTABLE,
      desc = "not yet, or the value too")
  @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "taken, without what came before")
  @State
  public static class WriterToReader {
    int x;
    final RWMutex rw = new RWMutex();

    public WriterToReader() {
      rw.tryLock();
    }

    @Actor
    public void before() {
      x = 1;
      rw.unlock();
    }

    @Actor
    public void after(II_Result r) {
      r.r1 = rw.tryRLock() ? 1 : 0;
      r.r2 = x;
    }
  }

  /** From a writer to a writer. */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "0, 1", "1, 1"},
      expect = ACCEPTABLE,
      desc = "not yet, or the value too")
  @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "taken, without what came before")
  @State
  public static class WriterToWriter {
    int x;
    final RWMutex rw = new RWMutex();

    public WriterToWriter() {
      rw.tryLock();
    }

    @Actor
    public void before() {
      x = 1;
      rw.unlock();
    }

    @Actor
    public void after(II_Result r) {
      r.r1 = rw.tryLock() ? 1 : 0;
      r.r2 = x;
    }
  }

  /** From a reader to a writer. */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "0, 1", "1, 1"},
      expect = ACCEPTABLE,
      desc = "not yet, or the value too")
  @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "taken, without what came before")
  @State
  public static class ReaderToWriter {
    int x;
    final RWMutex rw = new RWMutex();

    public ReaderToWriter() {
      rw.tryRLock();
    }

    @Actor
    public void before() {
      x = 1;
      rw.rUnlock();
    }

    @Actor
    public void after(II_Result r) {
      r.r1 = rw.tryLock() ? 1 : 0;
      r.r2 = x;
    }
  }

  /** From a writer to a reader that waits. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "the value is there")
  @Outcome(id = "0", expect = FORBIDDEN, desc = "taken, without what came before")
  @State
  public static class WriterToWaitingReader {
    int x;
    final RWMutex rw = new RWMutex();

    public WriterToWaitingReader() {
      rw.tryLock();
    }

    @Actor
    public void before() {
      x = 1;
      rw.unlock();
    }

    @Actor
    public void after(I_Result r) {
      Blocking.run(rw::rLock);
      r.r1 = x;
    }
  }

  /** From a reader to a writer that waits. */
  @JCStressTest
  @Outcome(id = "1", expect = ACCEPTABLE, desc = "the value is there")
  @Outcome(id = "0", expect = FORBIDDEN, desc = "taken, without what came before")
  @State
  public static class ReaderToWaitingWriter {
    int x;
    final RWMutex rw = new RWMutex();

    public ReaderToWaitingWriter() {
      rw.tryRLock();
    }

    @Actor
    public void before() {
      x = 1;
      rw.rUnlock();
    }

    @Actor
    public void after(I_Result r) {
      Blocking.run(rw::lock);
      r.r1 = x;
    }
  }

  /** A writer changes two fields; a reader never sees one of them changed alone. */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "1, 1"},
      expect = ACCEPTABLE,
      desc = "before or after")
  @Outcome(expect = FORBIDDEN, desc = "in between")
  @State
  public static class Whole {
    final RWMutex rw = new RWMutex();
    int x;
    int y;

    @Actor
    public void writer() {
      Blocking.run(rw::lock);
      x = 1;
      y = 1;
      rw.unlock();
    }

    @Actor
    public void reader(II_Result r) {
      Blocking.run(rw::rLock);
      r.r1 = x;
      r.r2 = y;
      rw.rUnlock();
    }
  }
}
