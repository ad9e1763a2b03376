"""How often every class occurs, and the files that keep it."""
