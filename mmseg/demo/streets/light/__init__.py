"""Light, shadow, sky, and the photograph that is made of them."""
