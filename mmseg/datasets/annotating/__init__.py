"""Labels of the target that are bought during a training: rounds on disk, what they have cost, and the one door they come through."""
