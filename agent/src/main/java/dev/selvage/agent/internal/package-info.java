/** The agent itself, loaded where the application cannot see it. */
package dev.selvage.agent.internal;
