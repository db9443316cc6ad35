/** Machinery that the language's packages share. Not exported; nothing here is a promise. */
package dev.selvage.internal;
