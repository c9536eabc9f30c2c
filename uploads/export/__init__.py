"""Export a library as plain folders: originals under their file names, sidecars, and a manifest of checksums."""
