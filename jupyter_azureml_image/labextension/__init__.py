"""Colours and squiggles in JupyterLab's cells: one hand-written file, no build step."""
