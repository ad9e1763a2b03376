"""Files of all kinds: written whole, read as what they are."""
