"""Comparing two rows of a study: by how much they differ, and how sure that is."""
