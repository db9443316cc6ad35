/**
 * Pitfalls of goroutines, each the wrong way and the right way. Code of a user, as far as the
 * prover is concerned.
 */
@org.jspecify.annotations.NullMarked
module dev.selvage.examples.language {
  requires static transitive org.jspecify;
  requires dev.selvage.core;

  exports dev.selvage.examples.language;
}
