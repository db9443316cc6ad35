/** Becomes {@code dev.selvage.observe} in a class loader of a test. */
package dev.fakeage.observe;
