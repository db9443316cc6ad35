package dev.selvage.examples.leaks;

/**
 * One order of the sample service.
 *
 * @param id counts up from 1
 * @param item what is ordered: one of few
 */
record Order(int id, String item) {}
