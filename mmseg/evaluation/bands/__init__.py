"""Reference bands: where the curves of a training are expected, from finished trainings of the same config with other seeds."""
