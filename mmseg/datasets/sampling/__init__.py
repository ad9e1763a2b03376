"""Which sample comes next, and which part of it: rare classes, crops, pairs of domains."""
