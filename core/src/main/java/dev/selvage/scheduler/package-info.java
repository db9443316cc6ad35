/** Which scheduler goroutines run on, how many at the same time, and what it does. */
package dev.selvage.scheduler;
