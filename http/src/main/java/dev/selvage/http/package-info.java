/**
 * Debug endpoints as functions from request to response, and a server on the JDK's own HTTP server.
 */
package dev.selvage.http;
