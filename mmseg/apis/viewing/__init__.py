"""A run as a page to look at: pictures of what its network predicts, scores and curves."""
