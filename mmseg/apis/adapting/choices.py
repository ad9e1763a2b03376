"""What the command can be asked for, known before torch is."""

METHODS = ("source", "bn", "tent", "cotta", "mic")
"""Names in :data:`mmseg.registry.TEST_TIME_METHODS`."""
