package com.acme.shop;

/** Fills what another class owns. */
public final class Filler {
  private Filler() {}

  public static void fill() {
    Leaky.Shared.attributes().put(Leaky.fresh(), "");
  }
}
