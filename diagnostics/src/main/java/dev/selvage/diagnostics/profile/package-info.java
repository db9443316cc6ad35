/**
 * Profiles in the forms that Go's tools read: {@code profile.proto}, and the texts of {@code
 * debug=1} and {@code debug=2}.
 */
package dev.selvage.diagnostics.profile;
