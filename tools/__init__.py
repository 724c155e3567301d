"""What the Makefile and the tests call to get real parts: environment, engines, base images."""
