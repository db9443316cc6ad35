package dev.selvage.verification.cases;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/** What a {@link Case} re-creates and what must be found in it: nothing else may be. */
@Retention(RetentionPolicy.RUNTIME)
public @interface Kernel {
  /** {@code micro}, {@code pattern}, {@code stress}, {@code goker} or {@code jdk}. */
  String suite();

  /** Where the bug was found or the program described, as {@code owner/repository#number}. */
  String upstream() default "";

  /** The leaks; none for a negative control. */
  Leak[] leaks() default {};

  /** One place in a case where threads are left behind. */
  @interface Leak {
    /** The line whose comment is {@code // LEAK} followed by this. Unique in its file. */
    String at();

    /** The wait reason's text. */
    String reason();

    /** At most so many threads; exactly so many where {@link #atLeast} says nothing else. */
    int count() default 1;

    /** At least so many threads, where chance has a say; -1 stands for {@link #count}. */
    int atLeast() default -1;
  }
}
