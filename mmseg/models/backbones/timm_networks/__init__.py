"""What lies between a name of timm and an encoder: making the network, reading its file, its tokens."""
