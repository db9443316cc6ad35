/**
 * The scenarios of the conformance table in Java; the same ones in Go are in the directory {@code
 * go} beside. Not published.
 */
@org.jspecify.annotations.NullMarked
module dev.selvage.verification.differential {
  requires dev.selvage.core;
  requires static transitive org.jspecify;
}
