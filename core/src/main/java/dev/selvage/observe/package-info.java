/**
 * What tools may read about goroutines: one vocabulary from the running program to dump, profile,
 * metric and test.
 */
package dev.selvage.observe;
