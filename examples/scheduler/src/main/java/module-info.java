/** Ten goroutines on two Ps, and which P ran what. */
@org.jspecify.annotations.NullMarked
module dev.selvage.examples.scheduler {
  requires static transitive org.jspecify;
  requires dev.selvage.core;

  exports dev.selvage.examples.scheduler;
}
