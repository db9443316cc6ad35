/** What is possible in this JVM, and why not more. */
package dev.selvage.diagnostics.doctor;
