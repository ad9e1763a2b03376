"""How the things of a street are painted, far to near."""
