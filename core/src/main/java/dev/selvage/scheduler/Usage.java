package dev.selvage.scheduler;

/**
 * What a goroutine has used while its use was counted ({@link Scheduler#countUsage}).
 *
 * @param mounts how often it was run
 * @param cpuNanos processor time in nanoseconds; 0 where the module {@code jdk.management} is not
 *     there
 * @param allocatedBytes bytes of heap; 0 where that module is not there
 */
public record Usage(long mounts, long cpuNanos, long allocatedBytes) {}
