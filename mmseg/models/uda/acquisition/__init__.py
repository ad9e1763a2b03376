"""Which pixels of a target image an oracle is asked for: scores, picks and budgets."""
