"""Networks against labels: metrics, records, corruptions, and what test servers take."""
