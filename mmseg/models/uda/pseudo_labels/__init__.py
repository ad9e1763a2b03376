"""From a teacher to labels of the target."""
