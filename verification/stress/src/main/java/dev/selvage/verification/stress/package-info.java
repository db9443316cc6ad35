/** Channels, selects and contexts under load, and what must be conserved. */
package dev.selvage.verification.stress;
