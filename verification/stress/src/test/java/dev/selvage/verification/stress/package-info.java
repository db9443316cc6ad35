/** Runs rounds until the time is over, and looks who is left. */
package dev.selvage.verification.stress;
