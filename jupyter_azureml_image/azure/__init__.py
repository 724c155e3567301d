"""Azure: connection, registry, environments, deployments. The only place with Azure imports."""
