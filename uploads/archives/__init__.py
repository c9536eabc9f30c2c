"""Read ZIP archives without trusting them: no name becomes a path, and all sizes are checked before bytes are read."""
