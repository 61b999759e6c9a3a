"""From readings and checks to a report; nothing here reads the network or writes a format."""
