/** Go's {@code sync}: what goroutines wait on besides channels. */
package dev.selvage.sync;
