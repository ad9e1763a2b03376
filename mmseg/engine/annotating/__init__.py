"""A round of annotating inside a training: what a network picks, image by image."""
