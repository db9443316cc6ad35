//go:build !xsync

package main

// What is not in Go's standard library is left out where its module cannot be had.
func xsync() {}
