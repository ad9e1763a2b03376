"""Methods that train a discriminator of the domains."""
