package dev.selvage.verification.kernels;

import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/** A line of a {@link Program} that goroutines never leave, unless it is fixed. */
@Retention(RetentionPolicy.RUNTIME)
@Repeatable(Leak.All.class)
public @interface Leak {
  /** The line whose comment is {@code // LEAK} followed by this. Unique in its file. */
  String at();

  /** The wait reason's text. */
  String reason();

  /**
   * How many goroutines of each copy: at most, where chance has a say in the program; exactly,
   * where it has not.
   */
  int perCopy() default 1;

  /** All of a program. */
  @Retention(RetentionPolicy.RUNTIME)
  @interface All {
    /** The leaks. */
    Leak[] value();
  }
}
