/**
 * The live page: its files, what it shows, and the one sampler behind all who look. Knows nothing
 * of HTTP.
 */
package dev.selvage.http.page;
