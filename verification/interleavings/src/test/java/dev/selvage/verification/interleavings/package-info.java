/** Runs the scenarios under the scheduler. */
package dev.selvage.verification.interleavings;
