"""The report in each format; nothing here decides anything."""
