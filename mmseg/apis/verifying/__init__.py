"""Whether the numbers of a run still hold."""
