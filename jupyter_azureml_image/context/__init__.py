"""The build context: ignore rules, manifest, archive."""
