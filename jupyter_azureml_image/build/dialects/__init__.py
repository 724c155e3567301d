"""What builders say, as events: pure readers, one per dialect."""
