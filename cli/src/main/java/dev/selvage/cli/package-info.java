/**
 * The command line. {@link dev.selvage.cli.Selvage} is the way in; each subcommand is a class of
 * its own; what they share (starting a program, attaching to one, reading its report) is beside
 * them. Results go to standard output, everything else to standard error.
 */
package dev.selvage.cli;
