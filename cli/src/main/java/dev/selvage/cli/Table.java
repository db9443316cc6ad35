package dev.selvage.cli;

import java.util.List;

/** Lays out rows of text in columns. */
final class Table {
  private Table() {}

  /**
   * The table, a line for each row.
   *
   * @param rows of as many cells each
   * @param right how many columns, from the first, are set to the right
   */
  static String render(List<List<String>> rows, int right) {
    int columns = rows.getFirst().size();
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int i = 0; i < columns; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    var out = new StringBuilder();
    for (List<String> row : rows) {
      for (int i = 0; i < columns; i++) {
        String cell = row.get(i);
        int space = widths[i] - cell.length();
        if (i < right) {
          out.repeat(' ', space).append(cell);
        } else {
          // Nothing behind the last: lines end where their text does.
          out.append(cell).repeat(' ', i == columns - 1 ? 0 : space);
        }
        out.append(i == columns - 1 ? System.lineSeparator() : "  ");
      }
    }
    return out.toString();
  }
}
