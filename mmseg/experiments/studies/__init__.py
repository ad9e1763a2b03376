"""The studies: data only, one file a paper. ``experiments.py`` at the top level is their index by id."""
