"""How other tools write down what they expect of their fixtures: one module a tool, each giving cases."""
