"""Checks of data before a training: what ``check_data.py`` and ``browse_dataset.py`` do."""
