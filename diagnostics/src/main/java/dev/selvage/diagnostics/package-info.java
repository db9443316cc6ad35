/**
 * The prover's public face: {@link dev.selvage.diagnostics.Leaks} looks, {@link
 * dev.selvage.diagnostics.Report} is what it saw, {@link dev.selvage.diagnostics.ReportText} and
 * {@link dev.selvage.diagnostics.ReportJson} render it.
 */
package dev.selvage.diagnostics;
