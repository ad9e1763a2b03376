"""From the labels that data sets ship to train ids."""
