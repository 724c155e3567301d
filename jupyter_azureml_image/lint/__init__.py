"""The check: rules by topic over a parsed Dockerfile and known facts."""
