"""The catalog of base images."""
