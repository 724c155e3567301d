"""Known causes of failure, as data."""
