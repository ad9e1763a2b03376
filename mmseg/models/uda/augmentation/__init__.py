"""What happens to images of a step: mixing, jitter and blur, masks."""
