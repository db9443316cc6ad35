/** Runs the scenarios on both sides and compares. */
package dev.selvage.verification.differential;
