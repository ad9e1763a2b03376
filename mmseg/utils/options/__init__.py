"""What a config may say, as types, texts and modules."""
