"""Where pixels of each class lie in the image and in depth (Wu & Liu, NeurIPS 2022)."""
