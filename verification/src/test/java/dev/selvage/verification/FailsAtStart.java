package dev.selvage.verification;

/** A program whose main class cannot be initialised. */
final class FailsAtStart {
  static final String WHY = "not even a number";

  private static final int NUMBER = Integer.parseInt(WHY);

  private FailsAtStart() {}

  public static void main(String[] args) {
    System.out.println("begun, with " + NUMBER);
  }
}
