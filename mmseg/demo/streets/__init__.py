"""Streets for training towards photographs: everything in them is drawn anew for every scene."""
