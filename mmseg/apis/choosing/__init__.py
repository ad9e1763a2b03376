"""Choosing a checkpoint without labels: scores on unlabelled images of the target."""
