"""One fault at one moment of a small training: exit code, the one line, the state that is left, and equal bits afterwards."""
