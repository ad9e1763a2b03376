"""One training: what is asked before it, its start, and going on with it."""
