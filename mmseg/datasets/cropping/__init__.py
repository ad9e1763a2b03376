"""Training crops: how each is cut, mirrored, padded and turned into tensors."""
