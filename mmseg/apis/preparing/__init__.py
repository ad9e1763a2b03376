"""What a later stage needs of an earlier one: pseudo-labels, class priors."""
