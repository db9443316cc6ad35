package dev.selvage.cli;

import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** Writes the manual pages of the commands, in the language of {@code man(7)}. */
final class ManualPages {
  private ManualPages() {}

  /** All pages, by the names of their files, as {@code selvage-leaks.1}. */
  static Map<String, String> of(CommandLine whole) {
    Map<String, String> pages = new TreeMap<>();
    pages.put("selvage.1", page(whole));
    for (CommandLine command : whole.getSubcommands().values()) {
      if (!command.getCommandSpec().usageMessage().hidden()) {
        pages.put(name(command.getCommandSpec()) + ".1", page(command));
      }
    }
    return pages;
  }

  private static String name(CommandSpec spec) {
    return spec.qualifiedName("-");
  }

  private static String page(CommandLine command) {
    CommandSpec spec = command.getCommandSpec();
    String name = name(spec);
    var out = new StringBuilder();
    line(out, ".TH \"" + name.toUpperCase(Locale.ROOT) + "\" \"1\" \"\" \"Selvage\"");
    line(out, ".SH NAME");
    String description = String.join(" ", spec.usageMessage().description());
    line(out, text(name) + " \\- " + text(strip(description)));
    line(out, ".SH SYNOPSIS");
    line(out, ".B " + text(spec.qualifiedName(" ")));
    boolean options = !visible(spec).isEmpty();
    line(out, (options ? "[\\fIOPTIONS\\fR]" : "") + arguments(spec));
    line(out, ".SH DESCRIPTION");
    line(out, text(description));
    if (!spec.positionalParameters().isEmpty()) {
      line(out, ".SH ARGUMENTS");
      for (PositionalParamSpec argument : spec.positionalParameters()) {
        line(out, ".TP");
        line(out, "\\fI" + text(argument.paramLabel()) + "\\fR");
        line(out, text(String.join(" ", argument.description())));
      }
    }
    if (options) {
      line(out, ".SH OPTIONS");
      for (OptionSpec option : visible(spec)) {
        line(out, ".TP");
        line(out, "\\fB" + text(String.join(", ", option.names())) + "\\fR" + value(option));
        line(out, text(String.join(" ", option.description())));
      }
    }
    if (!command.getSubcommands().isEmpty()) {
      line(out, ".SH COMMANDS");
      for (CommandLine sub : command.getSubcommands().values()) {
        line(out, ".TP");
        line(out, "\\fB" + text(name(sub.getCommandSpec())) + "\\fR(1)");
        line(out, text(String.join(" ", sub.getCommandSpec().usageMessage().description())));
      }
    }
    footer(spec, out);
    if (spec.parent() != null) {
      line(out, ".SH SEE ALSO");
      line(out, "\\fBselvage\\fR(1)");
    }
    return out.toString();
  }

  /** What help says below: laid out by hand, so as it is. */
  private static void footer(CommandSpec spec, StringBuilder out) {
    String[] footer = spec.usageMessage().footer();
    if (footer.length == 0) {
      return;
    }
    line(out, spec.parent() == null ? ".SH EXIT STATUS" : ".SH NOTES");
    line(out, ".nf");
    boolean first = true;
    for (String one : footer) {
      if (!first || !one.isBlank()) {
        line(out, text(one));
        first = false;
      }
    }
    line(out, ".fi");
  }

  private static java.util.List<OptionSpec> visible(CommandSpec spec) {
    return spec.options().stream().filter(option -> !option.hidden()).toList();
  }

  private static String arguments(CommandSpec spec) {
    var out = new StringBuilder();
    if (!spec.subcommands().isEmpty()) {
      out.append(" \\fICOMMAND\\fR");
    }
    for (PositionalParamSpec argument : spec.positionalParameters()) {
      boolean optional = argument.arity().min() == 0;
      String label = "\\fI" + text(argument.paramLabel()) + "\\fR";
      boolean many = argument.arity().max() > 1;
      out.append(' ').append(optional ? "[" + label + "]" : label).append(many ? "..." : "");
    }
    return out.toString();
  }

  private static String value(OptionSpec option) {
    if (option.arity().max() == 0) {
      return "";
    }
    String label = "\\fI" + text(option.paramLabel()) + "\\fR";
    return option.arity().min() == 0 ? "[=" + label + "]" : "=" + label;
  }

  private static String strip(String sentence) {
    return sentence.endsWith(".") ? sentence.substring(0, sentence.length() - 1) : sentence;
  }

  private static void line(StringBuilder out, String line) {
    out.append(line).append('\n');
  }

  /** Text as such: nothing in it is a request, an escape, or a dash for typesetting. */
  static String text(String text) {
    String plain =
        text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...").replace("%n", " ");
    return plain.startsWith(".") || plain.startsWith("'") ? "\\&" + plain : plain;
  }
}
