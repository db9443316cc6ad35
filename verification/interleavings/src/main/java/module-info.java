/**
 * Scenarios for a scheduler that chooses at each step which thread runs next. Not published; run
 * from the class path.
 */
@org.jspecify.annotations.NullMarked
module dev.selvage.verification.interleavings {
  requires dev.selvage.core;
  requires static transitive org.jspecify;
}
