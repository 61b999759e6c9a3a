"""The agent on a node: it reads below one folder and tells what it found; it judges nothing and asks nobody."""
