"""What frozen networks say or see is learned."""
