"""One module a command: options, wiring, exit code. What is heavy is imported when a command runs."""
