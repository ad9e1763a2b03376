"""Files into arrays: images, labels, archives."""
