/** What something can still wake. */
@org.jspecify.annotations.NullMarked
package dev.selvage.verification.dumped.healthy;
