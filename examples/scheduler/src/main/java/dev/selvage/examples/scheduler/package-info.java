/** Ten goroutines on two Ps, and which P ran what. */
package dev.selvage.examples.scheduler;
