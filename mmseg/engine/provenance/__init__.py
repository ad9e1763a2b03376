"""Where a number comes from: code, weights, data, versions, hardware."""
