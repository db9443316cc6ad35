/** How texts of the program are written so that they cannot be taken for ours. */
package dev.selvage.diagnostics.text;
