"""The faces in a notebook: magics, completion, result object."""
