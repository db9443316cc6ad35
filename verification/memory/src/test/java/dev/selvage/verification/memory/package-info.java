/** Runs the tests under jcstress and reads what it says. */
package dev.selvage.verification.memory;
