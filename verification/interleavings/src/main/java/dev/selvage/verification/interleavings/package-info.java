/**
 * Each static method of a class here is a scenario: a few platform threads, a few operations, and a
 * check at the end that holds in whatever order they ran. A scenario that does not end is a
 * deadlock, and found as one.
 */
package dev.selvage.verification.interleavings;
