/**
 * Scenarios that have the same names as those in Go. Each says in one line what came of it, in
 * words that both sides share, and depends on no time: what has to come is awaited, and "blocks" is
 * read off the thread.
 */
package dev.selvage.verification.differential;
