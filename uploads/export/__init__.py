"""Export a library as plain folders: originals with their names, sidecars, and a manifest of checksums."""
