"""The straightforward ways of doing the same, which ours is measured against."""
