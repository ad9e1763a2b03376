"""Going on from the state of a training: what it must hold, what a changed config makes of it, and the record of both."""
