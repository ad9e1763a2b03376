"""Labels by hand between two rounds of a training: what is to be labelled goes out, and comes back."""
