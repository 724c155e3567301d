"""Building an image: the ports, and the builders of a local Docker Engine."""
