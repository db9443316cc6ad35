/**
 * The happens-before table under jcstress. Not published; run from the class path, since jcstress
 * has packages of the JDK's names, with which no JVM starts that finds it on the module path.
 */
@org.jspecify.annotations.NullMarked
module dev.selvage.verification.memory {
  requires dev.selvage.core;
  requires jcstress.core;
  requires static transitive org.jspecify;
}
