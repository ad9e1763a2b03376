"""The scene in space, and what is seen of it."""
