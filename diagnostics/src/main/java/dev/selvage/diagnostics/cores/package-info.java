/**
 * How the copies of the language in this JVM are found and asked, whichever class loader has them.
 */
package dev.selvage.diagnostics.cores;
