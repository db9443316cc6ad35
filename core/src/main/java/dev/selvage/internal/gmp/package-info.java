/** The scheduler at work: Go's G, M and P on virtual threads. */
package dev.selvage.internal.gmp;
