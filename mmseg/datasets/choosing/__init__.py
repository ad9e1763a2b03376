"""Which images of a folder a data set has: those of a list, or the few that are labelled."""
