"""From a row or a config to trainings: runs, processes, smoke tests, listings."""
