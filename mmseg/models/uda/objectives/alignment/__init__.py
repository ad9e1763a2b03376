"""Both domains look alike: to a discriminator, class by class, or in the density of what is predicted."""
