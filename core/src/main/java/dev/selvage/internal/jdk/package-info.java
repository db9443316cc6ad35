/** The one door of the language to what the JDK has no public API for. */
package dev.selvage.internal.jdk;
