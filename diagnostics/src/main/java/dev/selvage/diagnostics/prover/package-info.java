/**
 * The leak prover: hides blocked threads from everything that only lists them, and asks the
 * collector which are left.
 */
package dev.selvage.diagnostics.prover;
