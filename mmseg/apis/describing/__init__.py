"""What a config can say, in words."""
