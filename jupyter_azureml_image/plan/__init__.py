"""What is asked for, its fingerprint, and what will be done about it."""
