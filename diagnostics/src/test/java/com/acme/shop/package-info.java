/** A program that the growth watches look at: it leaks, and it behaves, by class. */
package com.acme.shop;
