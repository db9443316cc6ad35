/** Tests of the examples and of the guides that show them. */
@org.jspecify.annotations.NullMarked
package dev.selvage.examples.language;
