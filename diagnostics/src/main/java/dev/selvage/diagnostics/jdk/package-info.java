/**
 * The one door to what the JDK keeps to itself. Everything that reflects into {@code java.base}
 * lives here, behind {@link dev.selvage.diagnostics.jdk.Jdk}, is tested for at start, and is
 * reported as missing where it does not work.
 */
package dev.selvage.diagnostics.jdk;
