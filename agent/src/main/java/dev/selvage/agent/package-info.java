/** What the application's class loader sees of the agent: one class. */
package dev.selvage.agent;
