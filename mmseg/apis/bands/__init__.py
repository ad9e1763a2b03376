"""Reference bands: made of finished runs, and given to the trainings that have one."""
